import type { Database } from '../../shared/db/connect.js';
import { readQueue as readOpenSweeps } from '../../shared/db/read-queue.js';
import type { QueuedSweep } from '../../shared/schedule/queue.js';
import { expectTarget } from './target.js';

/**
 * Reads what waits, and for what.
 * @param sweepId one sweep alone; it is in the answer unless it has ended
 * @throws SigmasweepError NOT_FOUND when there is no such sweep
 */
export async function readQueue(database: Database, sweepId?: string): Promise<QueuedSweep[]> {
  if (sweepId !== undefined) await expectTarget(database, { sweepId });
  return readOpenSweeps(database, sweepId);
}
