import type { SweepResults } from '../../shared/compare/results.js';
import type { Database } from '../../shared/db/connect.js';
import { readSweepResults as readResults } from '../../shared/db/read-sweep-results.js';
import { expectTarget } from './target.js';

/**
 * Reads what the comparison of a sweep is made from.
 * @throws SigmasweepError NOT_FOUND when there is no such sweep
 */
export async function readSweepResults(database: Database, sweepId: string): Promise<SweepResults> {
  await expectTarget(database, { sweepId });
  return readResults(database, sweepId);
}
