import { holm, pairedT } from './paired-test.js';
import { spread } from './statistics.js';

/** All tests of a column together keep this level. */
export const significanceLevel = 0.05;

/** A competitor of a column: its values by seed. */
interface Competitor {
  readonly place: number;
  readonly bySeed: ReadonlyMap<number, number>;
}

/** How the competitors of a column compare with its best. */
interface ColumnTests {
  /** Places of those that are not significantly worse than the best. */
  readonly close: ReadonlySet<number>;
  /** Holm-adjusted probabilities by place, of those that could be tested. */
  readonly adjusted: ReadonlyMap<number, number>;
}

/**
 * Which competitors are not significantly worse than the best: paired t-tests over the seeds that both have, corrected
 * by Holm over the tests of the column. With few seeds the test sees only large differences, so being close is absence
 * of evidence, not evidence of being equal; a competitor that can't be tested is not called close.
 * @param best the one that the others are held against
 */
function testAgainstBest(best: Competitor, others: readonly Competitor[]): ColumnTests {
  const tested = others.flatMap((other) => {
    const differences = [...other.bySeed].flatMap(([seed, value]) => {
      const reference = best.bySeed.get(seed);
      return reference === undefined ? [] : [value - reference];
    });
    const test = pairedT(differences);
    return test === undefined ? [] : [{ place: other.place, ...test }];
  });
  const corrected = holm(tested.map(({ p }) => p));
  const adjusted = new Map(tested.map(({ place }, index) => [place, corrected[index] ?? 1]));
  return {
    close: new Set([...adjusted].filter(([, p]) => p >= significanceLevel).map(([place]) => place)),
    adjusted,
  };
}

/** What is marked in a column. */
export interface ColumnMarks extends ColumnTests {
  readonly best: ReadonlySet<number>;
}

const nothing: ColumnMarks = { best: new Set(), close: new Set(), adjusted: new Map() };

/**
 * The best of a column and what is close to it. Only settings with as many seeds as the fullest one compete: one that a
 * lucky seed has finished early is not compared with settings of more seeds. What reads the same is equally good. One
 * competitor alone is not the best of anything.
 * @param column values by seed of each row; undefined for rows that don't compete
 * @param shown the mean as the table writes it
 */
export function markColumn(
  column: readonly (ReadonlyMap<number, number> | undefined)[],
  better: 'higher' | 'lower',
  shown: (mean: number) => string,
): ColumnMarks {
  const most = Math.max(0, ...column.map((one) => one?.size ?? 0));
  const competing = column.flatMap((bySeed, place) => {
    const over = spread([...(bySeed?.values() ?? [])]);
    return over === undefined || bySeed?.size !== most ? [] : [{ place, bySeed, mean: over.mean }];
  });
  if (competing.length < 2) return nothing;
  const means = competing.map(({ mean }) => mean);
  const top = better === 'higher' ? Math.max(...means) : Math.min(...means);
  const best = competing.filter(({ mean }) => shown(mean) === shown(top));
  const leader = best.find(({ mean }) => mean === top);
  if (leader === undefined) return nothing;
  const tests = testAgainstBest(
    leader,
    competing.filter((one) => !best.includes(one)),
  );
  return { best: new Set(best.map(({ place }) => place)), ...tests };
}
