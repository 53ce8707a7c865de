import type { TaskKind } from '../../../shared/catalog/metrics.js';
import type { TargetArray } from '../../workloads/workload.js';
import type { Placement } from './placement.js';

/**
 * Writes the target of a changed picture.
 * @param from of one sample, as it was; layout is the task kind's
 * @param to as long as `from`
 */
export type TargetPlacer = (from: TargetArray, to: TargetArray, placement: Placement) => void;

/** Each pixel is the nearest one's: class numbers have no mean. */
const placeNearest: TargetPlacer = (from, to, { height, width, rows, columns }) => {
  const columnOf = columns.nearest;
  for (let row = 0, at = 0; row < height; row += 1) {
    const start = (rows.nearest[row] as number) * width;
    for (let column = 0; column < width; column += 1, at += 1) {
      to[at] = from[start + (columnOf[column] as number)] as number;
    }
  }
};

/**
 * Distances: between the four pixels around the place, of which only those count that are valid; a pixel is valid where
 * the nearest one is, so that holes keep their shape.
 * @param factorOf what an enlargement does to a distance
 */
function placeDistances(factorOf: (scale: number) => number): TargetPlacer {
  return (from, to, placement) => {
    const { height, width, rows, columns, scale } = placement;
    if (scale === 1) {
      placeNearest(from, to, placement);
      return;
    }
    const factor = factorOf(scale);
    const { nearest, low, high, share } = columns;
    for (let row = 0, at = 0; row < height; row += 1) {
      const middle = (rows.nearest[row] as number) * width;
      const upper = (rows.low[row] as number) * width;
      const lower = (rows.high[row] as number) * width;
      const down = rows.share[row] as number;
      for (let column = 0; column < width; column += 1, at += 1) {
        if ((from[middle + (nearest[column] as number)] as number) <= 0) {
          to[at] = 0;
          continue;
        }
        const left = low[column] as number;
        const right = high[column] as number;
        const across = share[column] as number;
        const a = from[upper + left] as number;
        const b = from[upper + right] as number;
        const c = from[lower + left] as number;
        const d = from[lower + right] as number;
        if (a > 0 && b > 0 && c > 0 && d > 0) {
          const top = a + across * (b - a);
          to[at] = factor * (top + down * (c + across * (d - c) - top));
          continue;
        }
        const weightA = a > 0 ? (1 - down) * (1 - across) : 0;
        const weightB = b > 0 ? (1 - down) * across : 0;
        const weightC = c > 0 ? down * (1 - across) : 0;
        const weightD = d > 0 ? down * across : 0;
        // The nearest pixel is one of the four and valid, with a weight of a quarter at least.
        const weight = weightA + weightB + weightC + weightD;
        to[at] = (factor * (weightA * a + weightB * b + weightC * c + weightD * d)) / weight;
      }
    }
  };
}

/**
 * Vectors to an instance's middle: the middle is where the nearest pixel's vector ends, and from the changed pixel's own
 * place the vector leads there. It may lie outside of the part that is seen.
 */
const placeVectors: TargetPlacer = (from, to, { height, width, rows, columns, scale, flip }) => {
  const acrossScale = flip ? -scale : scale;
  const { nearest, source } = columns;
  for (let row = 0, at = 0; row < height; row += 1) {
    const nearestRow = rows.nearest[row] as number;
    const moveY = nearestRow - (rows.source[row] as number);
    for (let column = 0; column < width; column += 1, at += 3) {
      const nearestColumn = nearest[column] as number;
      const start = 3 * (nearestRow * width + nearestColumn);
      if (from[start + 2] === 0) {
        to[at] = 0;
        to[at + 1] = 0;
        to[at + 2] = 0;
        continue;
      }
      to[at] = acrossScale * ((from[start] as number) + nearestColumn - (source[column] as number));
      to[at + 1] = scale * ((from[start + 1] as number) + moveY);
      to[at + 2] = 1;
    }
  }
};

/** Directions: the nearest pixel's. Mirrored, their x turns round; enlarged in all directions alike, they stay. */
const placeDirections: TargetPlacer = (from, to, { height, width, rows, columns, flip }) => {
  const sign = flip ? -1 : 1;
  for (let row = 0, at = 0; row < height; row += 1) {
    const start = (rows.nearest[row] as number) * width;
    for (let column = 0; column < width; column += 1, at += 3) {
      const source = 3 * (start + (columns.nearest[column] as number));
      to[at] = sign * (from[source] as number);
      to[at + 1] = from[source + 1] as number;
      to[at + 2] = from[source + 2] as number;
    }
  }
};

/** What is enlarged seems nearer: a distance shrinks, its inverse grows, and so does a disparity, which is in pixels. */
const placeDepth = placeDistances((scale) => 1 / scale);
const placeInverseDepth = placeDistances((scale) => scale);

/** By kind; `undefined` for what is said of the whole picture and stays. */
export const targetPlacers: Readonly<Record<TaskKind, TargetPlacer | undefined>> = {
  segmentation: placeNearest,
  'instance-vectors': placeVectors,
  depth: placeInverseDepth,
  'inverse-depth': placeInverseDepth,
  'metric-depth': placeDepth,
  normals: placeDirections,
  classification: undefined,
  'multi-label': undefined,
  regression: undefined,
};
