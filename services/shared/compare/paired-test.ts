import { twoSidedT } from './t-distribution.js';

/** What a paired comparison of two settings over their common seeds says. */
export interface PairedTest {
  /** Pairs: seeds that both have finished. */
  readonly pairs: number;
  /** Two-sided probability of differences at least this large if there were none. */
  readonly p: number;
}

/**
 * Student's paired t-test, two-sided. Pairs are runs of the same seed: they share the order of the data and, where the
 * networks are alike, their first weights.
 * @returns undefined for fewer than two pairs: one difference alone has no spread to be measured against
 */
export function pairedT(differences: readonly number[]): PairedTest | undefined {
  const pairs = differences.length;
  if (pairs < 2) return undefined;
  const ascending = [...differences].sort((a, b) => a - b);
  const mean = ascending.reduce((sum, value) => sum + value, 0) / pairs;
  const squares = ascending.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const error = Math.sqrt(squares / (pairs - 1) / pairs);
  if (error === 0) return { pairs, p: mean === 0 ? 1 : 0 };
  return { pairs, p: twoSidedT(mean / error, pairs - 1) };
}

/**
 * Holm's step-down correction (Holm 1979): each adjusted value may be held against the level that all of the tests
 * together shall keep.
 * @returns adjusted probabilities in the order of the given ones
 */
export function holm(probabilities: readonly number[]): number[] {
  const order = probabilities.map((_, place) => place).sort((a, b) => at(probabilities, a) - at(probabilities, b));
  const adjusted = new Array<number>(probabilities.length).fill(1);
  let least = 0;
  order.forEach((place, rank) => {
    least = Math.max(least, Math.min(1, (probabilities.length - rank) * at(probabilities, place)));
    adjusted[place] = least;
  });
  return adjusted;
}

function at(values: readonly number[], place: number): number {
  return values[place] ?? 1;
}
