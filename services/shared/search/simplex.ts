/** Weights of a simplex: none negative, their sum 1. */
export type SimplexPoint = readonly number[];

/** Weights are multiples of one thousandth: what a table shows is then what was trained. */
const parts = 1000;

/**
 * From the cube [0, 1)^(T−1) to the simplex of T weights, uniform to uniform: Rosenblatt's transformation (1952) of the
 * flat Dirichlet distribution, whose weights in order are what is left times a Beta(1, remaining) variable. Unlike
 * differences of sorted numbers it folds nothing over, so a spread of low discrepancy stays one.
 */
export function fromCube(cube: readonly number[]): number[] {
  let left = 1;
  const weights = cube.map((u, place) => {
    const weight = left * (1 - (1 - u) ** (1 / (cube.length - place)));
    left -= weight;
    return weight;
  });
  return [...weights, left];
}

/** The whole simplex shrunk to that part of it where no weight is below `least`. */
export function above(least: number, point: SimplexPoint): number[] {
  return point.map((weight) => least + (1 - point.length * least) * weight);
}

/** The reverse of `above`. */
export function withoutLeast(least: number, point: SimplexPoint): number[] {
  return point.map((weight) => (weight - least) / (1 - point.length * least));
}

/** The nearest point of whole thousandths (largest remainders), so that the weights still sum to 1. */
export function rounded(point: SimplexPoint): number[] {
  const floors = point.map((weight) => Math.floor(weight * parts + 1e-9));
  const missing = parts - floors.reduce((sum, part) => sum + part, 0);
  const order = point
    .map((weight, place) => ({ place, rest: weight * parts - (floors[place] ?? 0) }))
    .sort((a, b) => b.rest - a.rest || a.place - b.place);
  for (const { place } of order.slice(0, missing)) floors[place] = (floors[place] ?? 0) + 1;
  return floors.map((part) => part / parts);
}

/** Tells rounded points apart. */
export function pointKey(point: SimplexPoint): string {
  return point.map((weight) => String(Math.round(weight * parts))).join(',');
}

/**
 * Isometric log-ratio coordinates of a point without zeros (Egozcue et al. 2003, Math. Geology 35): an orthonormal basis
 * of log weights less their mean. In them the simplex has no border, ratios of weights count and not differences, and
 * distances do not depend on which task comes first.
 */
export function logRatios(point: SimplexPoint): number[] {
  const logs = point.map((weight) => Math.log(weight));
  return Array.from({ length: point.length - 1 }, (_, index) => {
    const count = index + 1;
    const mean = logs.slice(0, count).reduce((sum, log) => sum + log, 0) / count;
    return Math.sqrt(count / (count + 1)) * (mean - (logs[count] ?? 0));
  });
}

/** The reverse of `logRatios`. */
export function fromLogRatios(coordinates: readonly number[]): number[] {
  const logs = Array.from({ length: coordinates.length + 1 }, (_, place) =>
    coordinates.reduce((sum, coordinate, index) => {
      const count = index + 1;
      if (place < count) return sum + coordinate / Math.sqrt(count * (count + 1));
      return place === count ? sum - coordinate * Math.sqrt(count / (count + 1)) : sum;
    }, 0),
  );
  const largest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
