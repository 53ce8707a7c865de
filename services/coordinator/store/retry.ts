import type { Database } from '../../shared/db/connect.js';
import { refreshSweepEnds } from './refresh-sweep-ends.js';
import { expectTarget, targetCondition, type Target } from './target.js';
import { inTransaction } from './transaction.js';
import { transition } from './transition.js';

const retried = transition('retry');

/**
 * Queues the failed, stopped and cancelled trials of a target again, with a new budget of failures. Their former
 * attempts stay.
 * @throws SigmasweepError NOT_FOUND
 */
export async function retry(database: Database, target: Target): Promise<{ trials: number; sweepIds: string[] }> {
  return inTransaction(database, async (transaction) => {
    await expectTarget(transaction, target);
    const rows = await transaction.$queryRaw<{ sweep_id: string }[]>`
      WITH wanted AS (
        SELECT id FROM trial WHERE ${targetCondition(target)} AND state = ANY(${retried.from}::text[])
        ORDER BY id FOR NO KEY UPDATE
      ), moved AS (
        UPDATE trial t SET state = ${retried.to}, failures = 0, error = NULL, ended_at = NULL, started_at = NULL,
          worker_id = NULL, step = NULL, steps = NULL, queued_at = now()
        FROM wanted w WHERE t.id = w.id
        RETURNING t.id, t.sweep_id, t.position
      ), rung AS (
        INSERT INTO outbox (sweep_id, trial_id) SELECT sweep_id, id FROM moved ORDER BY position
      )
      SELECT sweep_id FROM moved`;
    const sweepIds = [...new Set(rows.map((row) => row.sweep_id))];
    await refreshSweepEnds(transaction, sweepIds);
    return { trials: rows.length, sweepIds };
  });
}
