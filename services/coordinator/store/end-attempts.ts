import type { Queryable } from '../../shared/db/connect.js';
import type { ErrorRecord } from '../../shared/errors.js';
import type { AttemptOutcome } from '../../shared/trial-state.js';
import { refreshSweepEnds } from './refresh-sweep-ends.js';
import { settleDependants } from './settle-dependants.js';
import { storableError } from './storable-text.js';
import { transition, type TrialEvent } from './transition.js';

/** The end of a running attempt and what becomes of its trial. */
export interface Ending {
  readonly trialId: string;
  readonly attempt: number;
  readonly event: TrialEvent;
  readonly outcome: AttemptOutcome;
  readonly error: ErrorRecord | null;
  /** Whether it is taken off the trial's budget of failures. */
  readonly isFailure: boolean;
}

export interface EndedTrial {
  readonly trialId: string;
  readonly sweepId: string;
  readonly attempt: number;
  readonly state: string;
}

/**
 * Ends running attempts. A trial that is queued again gets its outbox row in the same statement; one that is no longer
 * in this attempt is passed over. The caller holds the locks of the trials' rows.
 * @returns the trials that were moved, and those that waited for them and are queued now
 */
export async function endAttempts(transaction: Queryable, endings: readonly Ending[]): Promise<EndedTrial[]> {
  if (endings.length === 0) return [];
  const states = endings.map((ending) => transition(ending.event).to);
  const errors = endings.map((ending) => (ending.error === null ? '' : storableError(ending.error)));
  const rows = await transaction.$queryRaw<{ id: string; sweep_id: string; attempt: number; state: string }[]>`
    WITH ending AS (
      SELECT trial_id, attempt, outcome, NULLIF(error, '')::jsonb AS error, state, failure
      FROM unnest(
        ${endings.map((ending) => ending.trialId)}::text[], ${endings.map((ending) => ending.attempt)}::int[],
        ${endings.map((ending) => ending.outcome)}::text[], ${errors}::text[], ${states}::text[],
        ${endings.map((ending) => (ending.isFailure ? 1 : 0))}::int[]
      ) AS e(trial_id, attempt, outcome, error, state, failure)
    ), moved AS (
      UPDATE trial t SET
        state = e.state,
        failures = t.failures + e.failure,
        lease_until = NULL,
        error = CASE WHEN e.state = 'failed' THEN e.error END,
        ended_at = CASE WHEN e.state = 'queued' THEN NULL ELSE now() END,
        queued_at = CASE WHEN e.state = 'queued' THEN now() ELSE t.queued_at END,
        worker_id = CASE WHEN e.state = 'queued' THEN NULL ELSE t.worker_id END,
        started_at = CASE WHEN e.state = 'queued' THEN NULL ELSE t.started_at END,
        step = CASE WHEN e.state = 'queued' THEN NULL ELSE t.step END,
        steps = CASE WHEN e.state = 'queued' THEN NULL ELSE t.steps END
      FROM ending e
      WHERE t.id = e.trial_id AND t.attempt = e.attempt AND t.state = 'running'
      RETURNING t.id, t.sweep_id, t.attempt, t.state
    ), over AS (
      UPDATE attempt a SET outcome = e.outcome, ended_at = now(), error = e.error
      FROM ending e JOIN moved m ON m.id = e.trial_id
      WHERE a.trial_id = e.trial_id AND a.number = e.attempt AND a.outcome = 'running'
    ), rung AS (
      INSERT INTO outbox (sweep_id, trial_id) SELECT sweep_id, id FROM moved WHERE state = 'queued' ORDER BY id
    )
    SELECT id, sweep_id, attempt, state FROM moved`;
  const terminal = rows.filter((row) => row.state !== 'queued');
  const dependants = await settleDependants(
    transaction,
    terminal.map((row) => row.id),
  );
  await refreshSweepEnds(
    transaction,
    terminal.map((row) => row.sweep_id),
  );
  return [
    ...rows.map((row) => ({ trialId: row.id, sweepId: row.sweep_id, attempt: row.attempt, state: row.state })),
    ...dependants.queued.map(({ trialId, sweepId }) => ({ trialId, sweepId, attempt: 0, state: 'queued' })),
  ];
}
