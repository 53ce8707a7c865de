import type { Database } from '../../shared/db/connect.js';
import type { TrialSummary } from '../../shared/messages/commands.js';
import { trialStates, type TrialState } from '../../shared/trial-state.js';

/** Letters of an error that a list shows; the whole one is on the trial's page. Keeps the answer for a big sweep small. */
const errorLetters = 300;

interface Row {
  id: string;
  label: string;
  setting_key: string;
  seed: number;
  state: TrialState;
  attempt: number;
  worker_id: string | null;
  started_at: Date | null;
  ended_at: Date | null;
  step: number | null;
  steps: number | null;
  error: string | null;
  stop: string | null;
}

/** Which trials of a sweep are listed; all if left out. */
export interface ListedTrials {
  readonly states?: readonly TrialState[] | undefined;
  /** How many are passed over. */
  readonly from?: number;
  readonly limit?: number | undefined;
}

/** The trials of a sweep in the order of its plan. */
export async function listTrials(
  database: Database,
  sweepId: string,
  { states, from = 0, limit }: ListedTrials = {},
): Promise<TrialSummary[]> {
  const rows = await database.$queryRaw<Row[]>`
    SELECT id, label, setting_key, seed, state, attempt, worker_id, started_at, ended_at, step, steps,
      left(concat_ws(': ', error->>'code', error->>'message'), ${errorLetters}::int) AS error,
      stop->>'message' AS stop
    FROM trial WHERE sweep_id = ${sweepId} AND state = ANY(${[...(states ?? trialStates)]}::text[])
    ORDER BY position OFFSET ${from}::int LIMIT ${limit ?? null}::int`;
  return rows.map((row) => ({
    trialId: row.id,
    label: row.label,
    settingKey: row.setting_key,
    seed: row.seed,
    state: row.state,
    attempt: row.attempt,
    workerId: row.worker_id,
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
    step: row.step,
    steps: row.steps,
    error: row.error === '' ? null : row.error,
    stop: row.stop,
  }));
}
