import { stepsOf } from '../sweep-spec/count.js';
import type { SweepSpec } from '../sweep-spec/parse.js';

/** A weight for each task of the sweep, 0 where it is not trained. */
export type Weights = Readonly<Record<string, number>>;

export interface GridPoint {
  /** Where it is in the spec, for remarks to the person. */
  readonly origin: string;
  readonly weights: Weights;
}

/**
 * Every point of a grid, in the order of the table's rows: listed points as listed; values with the last task's moving
 * fastest; a simplex from all weight on the first task to all on the last. Combinations of only zeros are left out.
 * `countTrials` must have bounded their number before.
 */
export function expandGrid(grid: SweepSpec['grid'], tasks: readonly string[]): GridPoint[] {
  if (grid?.points !== undefined) {
    return grid.points.map((point, index) => ({
      origin: `grid.points[${index}]`,
      weights: weightsOf(tasks, (task) => point[task]),
    }));
  }
  if (grid?.values !== undefined) {
    const { values } = grid;
    const axes = tasks.map((task) => values[task] ?? [0]);
    return combinations(axes)
      .filter((combination) => combination.some((weight) => weight > 0))
      .map((combination) => ({
        origin: `grid.values (${combination.join(', ')})`,
        weights: weightsOf(tasks, (_, index) => combination[index]),
      }));
  }
  if (grid?.simplex !== undefined) {
    const steps = stepsOf(grid.simplex.step);
    // k/n is the double next to the true weight: three steps of 0.1 are 0.3 and not 0.30000000000000004.
    return compositions(steps, tasks.length, grid.simplex.corners ? 0 : 1).map((parts) => ({
      origin: `grid.simplex (${parts.map((part) => part / steps).join(', ')})`,
      weights: weightsOf(tasks, (_, index) => (parts[index] ?? 0) / steps),
    }));
  }
  return [];
}

function weightsOf(tasks: readonly string[], weight: (task: string, index: number) => number | undefined): Weights {
  return Object.fromEntries(tasks.map((task, index) => [task, weight(task, index) ?? 0]));
}

function combinations(axes: readonly (readonly number[])[]): number[][] {
  return axes.reduce<number[][]>((rows, axis) => rows.flatMap((row) => axis.map((weight) => [...row, weight])), [[]]);
}

/** Every way to write `total` as a sum of `count` whole numbers of at least `least`, the largest first number first. */
function compositions(total: number, count: number, least: number): number[][] {
  if (count === 1) return total >= least ? [[total]] : [];
  const rows: number[][] = [];
  for (let first = total - least * (count - 1); first >= least; first -= 1) {
    for (const rest of compositions(total - first, count - 1, least)) rows.push([first, ...rest]);
  }
  return rows;
}
