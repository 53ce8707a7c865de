import { Draws } from './draws.js';

const bits = 32;

/**
 * Primitive polynomials and first direction numbers of dimensions 2 … 15 (Joe & Kuo 2008, "Constructing Sobol sequences
 * with better two-dimensional projections", table new-joe-kuo-6.21201): degree s, coefficients a, numbers m.
 */
const directions = [
  { a: 0, m: [1] },
  { a: 1, m: [1, 3] },
  { a: 1, m: [1, 3, 1] },
  { a: 2, m: [1, 1, 1] },
  { a: 1, m: [1, 1, 3, 3] },
  { a: 4, m: [1, 3, 5, 13] },
  { a: 2, m: [1, 1, 5, 5, 17] },
  { a: 4, m: [1, 1, 5, 5, 5] },
  { a: 7, m: [1, 1, 7, 11, 19] },
  { a: 11, m: [1, 1, 5, 1, 1] },
  { a: 13, m: [1, 1, 1, 3, 11] },
  { a: 14, m: [1, 3, 5, 5, 31] },
  { a: 1, m: [1, 3, 3, 9, 7, 49] },
  { a: 13, m: [1, 1, 1, 15, 21, 21] },
] as const;

export const mostDimensions = directions.length + 1;

/** Direction numbers of a dimension as 32-bit fractions: v[k] = m[k] · 2^(31 − k). */
function directionNumbers(dimension: number): number[] {
  if (dimension === 0) return Array.from({ length: bits }, (_, k) => (2 ** (bits - 1 - k)) >>> 0);
  const { a, m } = directions[dimension - 1] ?? { a: 0, m: [1] };
  const degree = m.length;
  const v: number[] = m.map((number, k) => (number * 2 ** (bits - 1 - k)) >>> 0);
  for (let k = degree; k < bits; k += 1) {
    const before = v[k - degree] ?? 0;
    let next = before ^ (before >>> degree);
    for (let i = 1; i < degree; i += 1) if (((a >>> (degree - 1 - i)) & 1) === 1) next ^= v[k - i] ?? 0;
    v.push(next >>> 0);
  }
  return v;
}

/**
 * Points of a Sobol sequence in [0, 1)ᵈ (Sobol' 1967), from the first on, in the order of the Gray code (Antonov & Saleev
 * 1979).
 * @param seed of a random digital shift, which keeps the points' even spread (Cranley & Patterson's idea in base 2);
 *   undefined for the sequence itself, whose first point is 0
 * @param dimensions 1 … `mostDimensions`
 */
export function sobolPoints(count: number, dimensions: number, seed?: number): number[][] {
  const numbers = Array.from({ length: dimensions }, (_, dimension) => directionNumbers(dimension));
  const draws = seed === undefined ? undefined : new Draws(seed, dimensions);
  const shift = numbers.map(() => draws?.bits() ?? 0);
  const state = numbers.map(() => 0);
  return Array.from({ length: count }, (_, index) => {
    // Between two neighbours of the Gray code the bit changes that is the lowest zero of the former's index.
    const changed = index === 0 ? undefined : lowestZero(index - 1);
    return state.map((before, dimension) => {
      const now = changed === undefined ? before : (before ^ (numbers[dimension]?.[changed] ?? 0)) >>> 0;
      state[dimension] = now;
      return ((now ^ (shift[dimension] ?? 0)) >>> 0) / 2 ** bits;
    });
  });
}

function lowestZero(value: number): number {
  let place = 0;
  for (let rest = value; (rest & 1) === 1; rest >>>= 1) place += 1;
  return place;
}
