import type { Database } from '../../shared/db/connect.js';
import { trialConfig, type TrialConfig } from '../../shared/trial-config.js';
import { isUniqueViolation } from './sql-state.js';
import { transition } from './transition.js';

export interface Claim {
  readonly trialId: string;
  readonly workerId: string;
  readonly claimId: string;
  readonly backend: string;
  readonly device: string;
}

export type ClaimAnswer =
  | {
      readonly granted: true;
      readonly sweepId: string;
      readonly attempt: number;
      readonly label: string;
      readonly config: TrialConfig;
    }
  | { readonly granted: false; readonly reason: string };

interface GrantRow {
  sweep_id: string;
  attempt: number;
  label: string;
  config: unknown;
}

const claimed = transition('claimed');

/**
 * Gives a queued trial to one worker: a compare-and-set in one statement, so that of any number of claims exactly one
 * changes the row. The lease is in the database's time and begins with the claim, so that a worker that dies before its
 * first heartbeat is found too.
 *
 * The same claim again, after its answer was lost, gets the same attempt and a fresh lease while the attempt runs.
 */
export async function claimTrial(database: Database, claim: Claim, leaseSeconds: number): Promise<ClaimAnswer> {
  const { trialId, workerId, claimId, backend, device } = claim;
  try {
    const rows = await database.$queryRaw<GrantRow[]>`
      WITH taken AS (
        UPDATE trial SET state = ${claimed.to}, attempt = attempt + 1, worker_id = ${workerId},
          lease_until = now() + make_interval(secs => ${leaseSeconds}::float8), started_at = now(), step = NULL, steps = NULL
        WHERE id = ${trialId} AND state = ANY(${claimed.from}::text[])
        RETURNING id, sweep_id, attempt, label, config
      ), made AS (
        INSERT INTO attempt (trial_id, number, claim_id, worker_id, backend, device)
        SELECT id, attempt, ${claimId}, ${workerId}, ${backend}, ${device} FROM taken
      )
      SELECT sweep_id, attempt, label, config FROM taken`;
    if (rows[0] !== undefined) return grant(rows[0]);
  } catch (error) {
    // The trial is queued again and this claim's attempt is over: its late repetition must not start another one.
    if (isUniqueViolation(error)) return { granted: false, reason: 'the attempt of this claim is over' };
    throw error;
  }
  const repeated = await database.$queryRaw<GrantRow[]>`
    UPDATE trial t SET lease_until = now() + make_interval(secs => ${leaseSeconds}::float8)
    FROM attempt a
    WHERE a.claim_id = ${claimId} AND a.worker_id = ${workerId} AND a.trial_id = ${trialId} AND a.outcome = 'running'
      AND t.id = a.trial_id AND t.attempt = a.number AND t.state = ${claimed.to}
    RETURNING t.sweep_id, t.attempt, t.label, t.config`;
  if (repeated[0] !== undefined) return grant(repeated[0]);
  const [trial] = await database.$queryRaw<{ state: string }[]>`SELECT state FROM trial WHERE id = ${trialId}`;
  return { granted: false, reason: trial === undefined ? 'there is no such trial' : `the trial is ${trial.state}` };
}

function grant(row: GrantRow): ClaimAnswer {
  const { sweep_id: sweepId, attempt, label } = row;
  return { granted: true, sweepId, attempt, label, config: trialConfig.parse(row.config) };
}
