import type { Queryable } from '../../shared/db/connect.js';
import type { ErrorRecord } from '../../shared/errors.js';
import type { AttemptOutcome } from '../../shared/trial-state.js';
import { classOfError } from '../../shared/schedule/retries.js';
import { ringStartable } from './startable.js';
import { refreshSweepEnds, useDeviceTime } from './refresh-sweep-ends.js';
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
  /** How long a trial that is queued again is left alone, in seconds. */
  readonly backoffSeconds?: number | undefined;
  /** How far the attempt came, where that is news. */
  readonly step?: number | undefined;
  readonly steps?: number | undefined;
}

interface MovedRow {
  readonly id: string;
  readonly sweep_id: string;
  readonly attempt: number;
  readonly state: string;
  /** How long the attempt took. */
  readonly seconds: number;
  /** Whether another trial of its sweep can now be started, which it could not before. */
  readonly makes_room: boolean;
}

export interface EndedTrial {
  readonly trialId: string;
  readonly sweepId: string;
  readonly attempt: number;
  readonly state: string;
}

/**
 * Ends running attempts. A trial that is queued again, and may be tried again at once, gets its outbox row in the same
 * statement; in a sweep of limited width an end makes room, so that another trial is rung for. A trial that is no longer
 * in this attempt is passed over. The caller holds the locks of the trials' rows.
 * @returns the trials that were moved, and those that waited for them and are queued now
 */
export async function endAttempts(transaction: Queryable, endings: readonly Ending[]): Promise<EndedTrial[]> {
  if (endings.length === 0) return [];
  const states = endings.map((ending) => transition(ending.event).to);
  const errors = endings.map((ending) => (ending.error === null ? '' : storableError(ending.error)));
  const classes = endings.map(({ isFailure, error }) => (isFailure ? classOfError(error?.code ?? '') : ''));
  const rows = await transaction.$queryRaw<MovedRow[]>`
    WITH ending AS (
      SELECT trial_id, attempt, outcome, NULLIF(error, '')::jsonb AS error, state, failure, NULLIF(class, '') AS class,
        CASE WHEN state = 'queued' AND backoff > 0 THEN now() + make_interval(secs => backoff) END AS not_before,
        NULLIF(step, -1) AS step, NULLIF(steps, -1) AS steps
      FROM unnest(
        ${endings.map((ending) => ending.trialId)}::text[], ${endings.map((ending) => ending.attempt)}::int[],
        ${endings.map((ending) => ending.outcome)}::text[], ${errors}::text[], ${states}::text[],
        ${endings.map((ending) => (ending.isFailure ? 1 : 0))}::int[], ${classes}::text[],
        ${endings.map((ending) => ending.backoffSeconds ?? 0)}::float8[],
        ${endings.map((ending) => ending.step ?? -1)}::int[], ${endings.map((ending) => ending.steps ?? -1)}::int[]
      ) AS e(trial_id, attempt, outcome, error, state, failure, class, backoff, step, steps)
    ), moved AS (
      UPDATE trial t SET
        state = e.state,
        failures = t.failures + e.failure,
        failures_of = CASE WHEN e.class IS NULL THEN t.failures_of
          ELSE t.failures_of || jsonb_build_object(e.class, coalesce((t.failures_of->>e.class)::int, 0) + 1) END,
        not_before = e.not_before,
        lease_until = NULL,
        error = CASE WHEN e.state = 'failed' THEN e.error END,
        ended_at = CASE WHEN e.state = 'queued' THEN NULL ELSE now() END,
        queued_at = CASE WHEN e.state = 'queued' THEN now() ELSE t.queued_at END,
        worker_id = CASE WHEN e.state = 'queued' THEN NULL ELSE t.worker_id END,
        started_at = CASE WHEN e.state = 'queued' THEN NULL ELSE t.started_at END,
        step = CASE WHEN e.state = 'queued' THEN NULL ELSE coalesce(e.step, t.step) END,
        steps = CASE WHEN e.state = 'queued' THEN NULL ELSE coalesce(e.steps, t.steps) END
      FROM ending e
      WHERE t.id = e.trial_id AND t.attempt = e.attempt AND t.state = 'running'
      RETURNING t.id, t.sweep_id, t.attempt, t.state, t.state = 'queued' AND t.not_before IS NULL AND t.paused IS NULL AS ready
    ), over AS (
      UPDATE attempt a SET outcome = e.outcome, ended_at = now(), error = e.error
      FROM ending e JOIN moved m ON m.id = e.trial_id
      WHERE a.trial_id = e.trial_id AND a.number = e.attempt AND a.outcome = 'running'
      RETURNING a.trial_id, extract(epoch FROM now() - a.started_at)::float8 AS seconds
    ), rung AS (
      INSERT INTO outbox (sweep_id, trial_id) SELECT sweep_id, id FROM moved WHERE ready ORDER BY id
    )
    SELECT m.id, m.sweep_id, m.attempt, m.state, coalesce(o.seconds, 0) AS seconds,
      NOT m.ready AND c.max_running IS NOT NULL AS makes_room
    FROM moved m JOIN schedule c ON c.sweep_id = m.sweep_id LEFT JOIN over o ON o.trial_id = m.id`;
  const terminal = rows.filter((row) => row.state !== 'queued');
  const dependants = await settleDependants(
    transaction,
    terminal.map((row) => row.id),
  );
  await ringForRoom(transaction, rows);
  await useDeviceTime(transaction, rows);
  await refreshSweepEnds(
    transaction,
    terminal.map((row) => row.sweep_id),
  );
  return [
    ...rows.map((row) => ({ trialId: row.id, sweepId: row.sweep_id, attempt: row.attempt, state: row.state })),
    ...dependants.queued.map(({ trialId, sweepId }) => ({ trialId, sweepId, attempt: 0, state: 'queued' })),
  ];
}

async function ringForRoom(transaction: Queryable, rows: readonly MovedRow[]): Promise<void> {
  const left = rows.filter((row) => row.makes_room).map((row) => row.sweep_id);
  for (const sweepId of new Set(left)) {
    await ringStartable(transaction, [sweepId], left.filter((one) => one === sweepId).length);
  }
}
