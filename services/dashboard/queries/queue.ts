import type { Database } from '../../shared/db/connect.js';
import { readQueue } from '../../shared/db/read-queue.js';
import type { QueuedSweep } from '../../shared/schedule/queue.js';

/** A sweep of the queue, with what a person can take up again. */
export interface QueueRow extends QueuedSweep {
  /** Trials that failed or were cancelled. */
  readonly retryable: number;
}

/** The sweeps that are not over, with what their trials wait for. */
export async function listQueue(database: Database): Promise<QueueRow[]> {
  const sweeps = await readQueue(database);
  const ids = sweeps.map(({ sweepId }) => sweepId);
  const counts = await database.$queryRaw<{ id: string; trials: number }[]>`
    SELECT sweep_id AS id, count(*)::int AS trials FROM trial
    WHERE sweep_id = ANY(${ids}::text[]) AND state IN ('failed', 'cancelled') GROUP BY sweep_id`;
  const retryable = new Map(counts.map(({ id, trials }) => [id, trials]));
  return sweeps.map((sweep) => ({ ...sweep, retryable: retryable.get(sweep.sweepId) ?? 0 }));
}

/** One sweep's place in the queue; undefined when it has ended. */
export async function findInQueue(database: Database, sweepId: string): Promise<QueuedSweep | undefined> {
  return (await readQueue(database, sweepId))[0];
}
