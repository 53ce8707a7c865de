import { compareSweep, type Comparison } from '../../shared/compare/comparison.js';
import type { Database } from '../../shared/db/connect.js';
import { readSweepResults } from '../../shared/db/read-sweep-results.js';

/** The comparison of a sweep's settings, from the trials that have succeeded so far. */
export async function readComparison(database: Database, sweepId: string): Promise<Comparison> {
  return compareSweep(await readSweepResults(database, sweepId));
}
