import { dot, innerProduct, norms, times, type Matrix } from './matrix.js';

const mostSteps = 5000;
const mostHalvings = 60;

/**
 * The minimum of a convex function over the simplex (weights of 0 or more that sum to 1): the method of Frank & Wolfe
 * (1956) with pairwise steps (Lacoste-Julien & Jaggi 2015, algorithm 2), which move weight from the worst of the used
 * corners to the best corner and so converge linearly where the plain method zigzags.
 * @param size number of weights
 * @param gradient of the function at a point
 * @param tolerance largest gap of the gradient between corners that still counts as the minimum
 */
export function minimiseOverSimplex(
  size: number,
  gradient: (point: readonly number[]) => readonly number[],
  tolerance: number,
): number[] {
  let point = new Array<number>(size).fill(1 / size);
  for (let step = 0; step < mostSteps; step += 1) {
    const slope = gradient(point);
    const to = indexOfBest(slope, () => true, -1);
    const from = indexOfBest(slope, (index) => (point[index] ?? 0) > 0, 1);
    // Written so that a slope that is not a number ends the search, too.
    if (!((slope[from] ?? 0) - (slope[to] ?? 0) > tolerance)) break;
    const movedBy = (share: number): number[] => {
      const moved = [...point];
      moved[to] = (point[to] ?? 0) + share;
      moved[from] = (point[from] ?? 0) - share;
      return moved;
    };
    const slopeAt = (share: number): number => {
      const there = gradient(movedBy(share));
      return (there[to] ?? 0) - (there[from] ?? 0);
    };
    const most = point[from] ?? 0;
    point = movedBy(slopeAt(most) <= 0 ? most : rootOf(slopeAt, most));
    // Nothing is left of a weight that was moved whole but rounding.
    if ((point[from] ?? 0) < 1e-15) point[from] = 0;
  }
  return point;
}

/** The position of the largest value times `sign` among those that are allowed. */
function indexOfBest(values: readonly number[], allowed: (index: number) => boolean, sign: 1 | -1): number {
  return values.reduce(
    (best, value, index) => (allowed(index) && (best < 0 || sign * value > sign * (values[best] ?? 0)) ? index : best),
    -1,
  );
}

/** A root between 0, where f < 0, and `most`, where f > 0: false position, exact at once for a line, halving otherwise. */
function rootOf(f: (x: number) => number, most: number): number {
  let [low, high] = [0, most];
  let [atLow, atHigh] = [f(low), f(high)];
  const first = Math.abs(atLow);
  for (let turn = 0; turn < mostHalvings; turn += 1) {
    const x = turn % 2 === 0 ? low - (atLow * (high - low)) / (atHigh - atLow) : (low + high) / 2;
    const value = f(x);
    if (!(Math.abs(value) > 1e-14 * first)) return x;
    if (value < 0) [low, atLow] = [x, value];
    else [high, atHigh] = [x, value];
  }
  return (low + high) / 2;
}

/**
 * The weights of the shortest convex combination of vectors, min ‖Σ αᵢ gᵢ‖², from their Gram matrix: the point of
 * their convex hull nearest to 0.
 */
export function minNormWeights(gram: Matrix): number[] {
  const largest = Math.max(...gram.map((row, index) => row[index] ?? 0));
  return minimiseOverSimplex(gram.length, (alpha) => times(gram, alpha), 1e-12 * largest);
}

/**
 * min over the simplex of g_w·g₀ + radius·‖g_w‖ with g_w = Σ wᵢ gᵢ and g₀ the mean of the vectors: the dual problem of
 * CAGrad (Liu et al. 2021, the dual of its problem).
 */
export function conflictAverseWeights(gram: Matrix, radius: number): number[] {
  const size = gram.length;
  const towardsMean = times(gram, new Array<number>(size).fill(1 / size));
  const largest = Math.max(...norms(gram));
  const smallest = 1e-12 * largest;
  return minimiseOverSimplex(
    size,
    (weights) => {
      const products = times(gram, weights);
      const length = Math.max(Math.sqrt(Math.max(0, innerProduct(gram, weights, weights))), smallest);
      return products.map((product, index) => (towardsMean[index] ?? 0) + (radius * product) / length);
    },
    1e-12 * largest * largest,
  );
}

/** The length of a combination of vectors. */
export function lengthOf(gram: Matrix, weights: readonly number[]): number {
  return Math.sqrt(Math.max(0, dot(weights, times(gram, weights))));
}
