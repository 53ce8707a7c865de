import { canonicalJson } from '../canonical-json.js';
import { modelsOf, singleTaskModel } from './model-schema.js';
import { referredRows } from './referred-rows.js';
import type { FilledWeighting, SweepSpec } from './spec.js';
import { countRows } from './subsets.js';
import { isDerived } from './weighting-schema.js';

/** What the number of trials depends on. */
export type CountedFields = Pick<
  SweepSpec,
  'tasks' | 'grid' | 'search' | 'weightings' | 'baselines' | 'seeds' | 'model' | 'models' | 'tuning'
>;

/**
 * Counts a sweep without expanding it, with every point that its search may add: exact before duplicates are merged, so an upper bound of what is trained. Above
 * 2^53 the numbers are rounded.
 */
export function countTrials(spec: CountedFields): { settings: number; trials: number } {
  const models = modelsOf(spec);
  const singleTask = new Set(models.map(({ config }) => canonicalJson(singleTaskModel(config))));
  const points =
    BigInt(models.length) * (countGrid(spec) + BigInt((spec.search?.points ?? 0) + countEntries(spec))) +
    BigInt(singleTask.size * missingBaselines(spec).length);
  const settings = points * BigInt(spec.tuning?.learningRates.length ?? 1);
  return { settings: Number(settings), trials: Number(settings * BigInt(spec.seeds.length)) };
}

/** Rows of all entries of `weightings:`; a replay has as many as the entry that it replays. */
function countEntries({ weightings }: CountedFields): number {
  return weightings.reduce((total, entry) => {
    if (!isDerived(entry)) return total + countRows(entry);
    return total + (entry.method === 'replay' ? rowsReplayed(weightings, entry.of) : 1);
  }, 0);
}

function rowsReplayed(weightings: CountedFields['weightings'], of: string): number {
  return referredRows(weightings, of).reduce((total, { entry }) => total + countRows(entry), 0);
}

/** The points of a grid, before duplicates are merged. */
export function countGrid({ grid, tasks }: Pick<CountedFields, 'grid' | 'tasks'>): bigint {
  if (grid?.points !== undefined) return BigInt(grid.points.length);
  if (grid?.values !== undefined) {
    const axes = Object.values(grid.values);
    const product = (sizes: number[]) => sizes.reduce((total, size) => total * BigInt(size), 1n);
    // Combinations of only zeros train nothing and are left out.
    return product(axes.map((axis) => axis.length)) - product(axes.map((axis) => axis.filter(isZero).length));
  }
  if (grid?.simplex !== undefined) {
    const steps = stepsOf(grid.simplex.step);
    // Ways to put `steps` equal parts into the tasks; without corners each task gets one part beforehand.
    const free = grid.simplex.corners ? steps : steps - tasks.length;
    return free < 0 ? 0n : binomial(free + tasks.length - 1, tasks.length - 1);
  }
  return 0n;
}

/** Number of steps of a simplex grid between the weights 0 and 1. */
export function stepsOf(step: number): number {
  return Math.round(1 / step);
}

function binomial(n: number, k: number): bigint {
  let result = 1n;
  for (let factor = 1; factor <= k; factor += 1) result = (result * BigInt(n - k + factor)) / BigInt(factor);
  return result;
}

function isZero(weight: number): boolean {
  return weight === 0;
}

/** The tasks that get a single-task row of their own: with `baselines`, those that no row of the spec trains alone. */
export function missingBaselines(spec: Pick<CountedFields, 'tasks' | 'grid' | 'weightings' | 'baselines'>): string[] {
  return spec.baselines ? spec.tasks.filter((task) => !isTrainedAlone(task, spec)) : [];
}

/** Whether a row of the spec trains this task and no other. */
export function isTrainedAlone(
  task: string,
  { grid, tasks, weightings }: Pick<CountedFields, 'tasks' | 'grid' | 'weightings'>,
): boolean {
  const trainsAlone = (entry: FilledWeighting): boolean => entry.tasks.length === 1 && entry.tasks[0] === task;
  if (weightings.some((entry) => !isDerived(entry) && trainsAlone(entry))) return true;
  if (grid?.points !== undefined) {
    return grid.points.some((point) => tasks.every((other) => (other === task) === (point[other] ?? 0) > 0));
  }
  if (grid?.values !== undefined) {
    const { values } = grid;
    return tasks.every((other) => {
      const axis = values[other] ?? [0];
      return other === task ? axis.some((weight) => weight > 0) : axis.some(isZero);
    });
  }
  return grid?.simplex !== undefined && (grid.simplex.corners || tasks.length === 1);
}

/** Whether a point of the grid, or of the search, trains every task of the sweep. */
export function gridTrainsEvery({ grid, search, tasks }: Pick<CountedFields, 'grid' | 'search' | 'tasks'>): boolean {
  if (search !== undefined) return true;
  if (grid?.points !== undefined) {
    return grid.points.some((point) => tasks.every((task) => (point[task] ?? 0) > 0));
  }
  if (grid?.values !== undefined) {
    const { values } = grid;
    return tasks.every((task) => (values[task] ?? []).some((weight) => weight > 0));
  }
  return grid?.simplex !== undefined && stepsOf(grid.simplex.step) >= tasks.length;
}
