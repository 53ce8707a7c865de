import type { Database } from '../../shared/db/connect.js';
import { SigmasweepError } from '../../shared/errors.js';
import type { RunningAttempt } from './judge-reports.js';
import { ringStartable } from './startable.js';
import { expectTarget, targetCondition, type Target } from './target.js';

/** `drain` lets running trials go on to their end, `now` has them handed back. */
export type PauseMode = 'drain' | 'now';

export interface Paused {
  readonly sweepIds: string[];
  /** Trials that are not started now. */
  readonly held: number;
  /** Attempts that are to be handed back with a checkpoint. */
  readonly interrupted: RunningAttempt[];
}

function ended(target: Target): SigmasweepError {
  const { trialId, sweepId } = target;
  const what = trialId === undefined ? `Sweep ${sweepId ?? ''}` : `Trial ${trialId}`;
  return new SigmasweepError('ENDED', `${what} has ended: there is nothing to start or to hold.`, {
    ids: trialId === undefined ? { sweepId: sweepId ?? '' } : { trialId },
    hint: 'What failed or was cancelled is queued again by `sigmasweep retry`.',
  });
}

// Statements of their own, not transactions: a coordinator that stops between two of them must not hold a row that
// claims write to.

/** Marks a sweep or a trial that has not ended; null takes the mark away. @returns the sweeps concerned */
async function mark(database: Database, target: Target, mode: PauseMode | null): Promise<string[]> {
  await expectTarget(database, target);
  const rows =
    target.trialId === undefined
      ? await database.$queryRaw<{ sweep_id: string }[]>`
          UPDATE schedule c SET paused = ${mode} FROM sweep s
          WHERE c.sweep_id = ${target.sweepId} AND s.id = c.sweep_id AND s.ended_at IS NULL RETURNING c.sweep_id`
      : await database.$queryRaw<{ sweep_id: string }[]>`
          UPDATE trial SET paused = ${mode} WHERE id = ${target.trialId} AND ended_at IS NULL RETURNING sweep_id`;
  if (rows.length === 0) throw ended(target);
  return rows.map((row) => row.sweep_id);
}

/**
 * Holds a sweep or a trial: nothing of it is started until it is resumed.
 * @throws SigmasweepError NOT_FOUND; ENDED
 */
export async function pause(database: Database, target: Target, mode: PauseMode): Promise<Paused> {
  const sweepIds = await mark(database, target, mode);
  const rows = await database.$queryRaw<{ id: string; attempt: number; worker_id: string; state: string }[]>`
    SELECT id, attempt, worker_id, state FROM trial
    WHERE ${targetCondition(target)} AND state IN ('waiting', 'queued', 'running')`;
  const running = rows.filter(({ state }) => state === 'running');
  return {
    sweepIds,
    held: rows.length - running.length,
    interrupted:
      mode === 'drain'
        ? []
        : running.map(({ id, attempt, worker_id: workerId }) => ({ trialId: id, attempt, workerId })),
  };
}

/**
 * Lets a sweep or a trial go on, and rings for what can be started now. Trials of a sweep that were paused one by one
 * stay so.
 * @throws SigmasweepError NOT_FOUND; ENDED
 */
export async function resume(database: Database, target: Target): Promise<{ sweepIds: string[]; rung: number }> {
  const sweepIds = await mark(database, target, null);
  return { sweepIds, rung: await ringStartable(database, sweepIds, target.trialId === undefined ? undefined : 1) };
}
