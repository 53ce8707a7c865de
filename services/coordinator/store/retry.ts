import type { Database, Queryable } from '../../shared/db/connect.js';
import { SigmasweepError } from '../../shared/errors.js';
import { refreshSweepEnds } from './refresh-sweep-ends.js';
import { dependencyFailed, settleReopened } from './settle-dependants.js';
import { expectTarget, targetCondition, type Target } from './target.js';
import { inTransaction } from './transaction.js';
import { transition } from './transition.js';

const retried = transition('retry');

interface MovedRow {
  id: string;
  sweep_id: string;
}

/**
 * Takes the failed and cancelled trials of a target up again, with a new budget of failures; those that wait for others
 * only if the others are there or are taken up too. Trials elsewhere that failed because of one of them are taken up
 * with it. Former attempts stay.
 *
 * A trial that was stopped early is taken up only by its own name, not with its sweep, and is then trained to its end;
 * with a judged one those of further seeds that were stopped with it.
 * @returns how many were taken up, and their sweeps
 * @throws SigmasweepError NOT_FOUND; DEPENDENCY_FAILED for a single trial whose dependency has failed
 */
export async function retry(database: Database, target: Target): Promise<{ trials: number; sweepIds: string[] }> {
  return inTransaction(database, async (transaction) => {
    await expectTarget(transaction, target);
    const reopened = await reopen(transaction, target);
    const ids = reopened.map(({ id }) => id);
    const { failed } = await settleReopened(transaction, ids);
    if (target.trialId !== undefined && failed.includes(target.trialId)) await refuse(transaction, target.trialId);
    const sweepIds = [...new Set(reopened.map((row) => row.sweep_id))];
    await refreshSweepEnds(transaction, sweepIds);
    return { trials: ids.filter((id) => !failed.includes(id)).length, sweepIds };
  });
}

/** Every trial goes the same way: to `waiting`, which those that wait for nothing leave in the same transaction. */
async function reopen(transaction: Queryable, target: Target): Promise<MovedRow[]> {
  const wanted = await transaction.$queryRaw<{ id: string }[]>`
    WITH RECURSIVE wanted AS (
      SELECT id FROM trial WHERE ${targetCondition(target)} AND state = ANY(${retried.from}::text[])
        AND (state <> 'stopped' OR ${target.trialId !== undefined})
      UNION
      SELECT f.id FROM trial j JOIN trial f ON f.sweep_id = j.sweep_id AND f.setting_key = j.setting_key
      WHERE j.id = ${target.trialId ?? null} AND j.state = 'stopped' AND j.stopping = 'judged'
        AND f.state = 'stopped' AND f.stopping = 'follows'
      UNION
      SELECT t.id FROM wanted w JOIN trial_dependency d ON d.needs_id = w.id JOIN trial t ON t.id = d.trial_id
      WHERE t.state = 'failed' AND t.error->>'code' = ${dependencyFailed}
    )
    SELECT id FROM wanted`;
  return transaction.$queryRaw<MovedRow[]>`
    WITH free AS (
      SELECT id FROM trial WHERE id = ANY(${wanted.map(({ id }) => id)}::text[]) AND state = ANY(${retried.from}::text[])
      ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE trial t SET state = ${retried.to}, failures = 0, failures_of = '{}', paused = NULL, not_before = NULL,
      error = NULL, ended_at = NULL, started_at = NULL, worker_id = NULL, step = NULL, steps = NULL, stop = NULL,
      stopping = CASE WHEN t.state = 'stopped' THEN NULL ELSE t.stopping END
    FROM free f WHERE t.id = f.id
    RETURNING t.id, t.sweep_id`;
}

async function refuse(transaction: Queryable, trialId: string): Promise<never> {
  const [row] = await transaction.$queryRaw<{ message: string; hint: string | null }[]>`
    SELECT error->>'message' AS message, error->>'hint' AS hint FROM trial WHERE id = ${trialId}`;
  throw new SigmasweepError(dependencyFailed, row?.message ?? 'It needs the result of a trial that has none.', {
    ids: { trialId },
    ...(row?.hint == null ? {} : { hint: row.hint }),
  });
}
