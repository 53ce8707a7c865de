import type { Database } from '../../shared/db/connect.js';
import type { StoredCheckpoint } from '../../shared/messages/checkpoints.js';
import { trialConfig, type TrialConfig } from '../../shared/trial-config.js';
import { readCheckpoints } from './checkpoints.js';
import { isUniqueViolation } from './sql-state.js';
import { transition } from './transition.js';

export interface Claim {
  readonly trialId: string;
  readonly workerId: string;
  readonly claimId: string;
  readonly backend: string;
  readonly device: string;
  /** The programs that the worker may run. */
  readonly commands?: readonly string[];
}

type Answer<Config> =
  | {
      readonly granted: true;
      readonly sweepId: string;
      readonly attempt: number;
      readonly label: string;
      readonly config: Config;
      /** To go on from, the best first. */
      readonly checkpoints: readonly StoredCheckpoint[];
    }
  | { readonly granted: false; readonly reason: string; readonly forOthers?: boolean };

export type ClaimAnswer = Answer<TrialConfig>;
/** The configuration as it is stored: one that cannot be read must not cost the other claims of a batch. */
export type StoredClaimAnswer = Answer<unknown>;

interface GrantRow {
  claim_id: string;
  sweep_id: string;
  attempt: number;
  label: string;
  config: unknown;
}

const claimed = transition('claimed');

/**
 * Gives queued trials to workers: a compare-and-set in one statement, so that of any number of claims for a trial exactly
 * one changes the row. Claims that come together are one transaction, whose commit is what a claim costs most. Leases are
 * in the database's time and begin with the claim, so that a worker that dies before its first heartbeat is found too.
 *
 * The same claim again, after its answer was lost, gets the same attempt and a fresh lease while the attempt runs.
 * @returns an answer for each claim, in their order
 */
export async function claimTrials(
  database: Database,
  claims: readonly Claim[],
  leaseSeconds: number,
): Promise<StoredClaimAnswer[]> {
  const answers = await grantClaims(database, claims, leaseSeconds);
  const again = claims.flatMap(({ trialId }, index) => {
    const answer = answers[index];
    return answer?.granted === true && answer.attempt > 1 ? [trialId] : [];
  });
  const checkpoints = await readCheckpoints(database, again);
  return answers.map((answer, index) => {
    const found = checkpoints.get(claims[index]?.trialId ?? '');
    return answer.granted && found !== undefined ? { ...answer, checkpoints: found } : answer;
  });
}

async function grantClaims(
  database: Database,
  claims: readonly Claim[],
  leaseSeconds: number,
): Promise<StoredClaimAnswer[]> {
  let taken: Map<string, GrantRow>;
  try {
    taken = await take(database, claims, leaseSeconds);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    // The trial is queued again and this claim's attempt is over: its late repetition must not start another one.
    if (claims.length === 1) return [{ granted: false, reason: 'the attempt of this claim is over' }];
    const answers: StoredClaimAnswer[] = [];
    for (const claim of claims) answers.push(...(await grantClaims(database, [claim], leaseSeconds)));
    return answers;
  }
  const answers: StoredClaimAnswer[] = [];
  for (const claim of claims) {
    const row = taken.get(claim.claimId);
    // One after the other: a batch of claims that took nothing must not empty the pool of connections.
    answers.push(row === undefined ? await repeatedClaim(database, claim, leaseSeconds) : grant(row));
  }
  return answers;
}

/** Reads the stored configuration of a granted trial. @throws ZodError for one that this version does not understand */
export function readGrant(answer: StoredClaimAnswer): ClaimAnswer {
  return answer.granted ? { ...answer, config: trialConfig.parse(answer.config) } : answer;
}

/** The rows are locked in the order of their ids, as the recorder and the reaper do: nobody waits for each other. */
async function take(
  database: Database,
  claims: readonly Claim[],
  leaseSeconds: number,
): Promise<Map<string, GrantRow>> {
  const rows = await database.$queryRaw<GrantRow[]>`
    WITH wanted AS (
      SELECT DISTINCT ON (trial_id) * FROM unnest(
        ${claims.map((claim) => claim.trialId)}::text[], ${claims.map((claim) => claim.workerId)}::text[],
        ${claims.map((claim) => claim.claimId)}::text[], ${claims.map((claim) => claim.backend)}::text[],
        ${claims.map((claim) => claim.device)}::text[], ${claims.map((claim) => (claim.commands ?? []).join())}::text[]
      ) WITH ORDINALITY AS w(trial_id, worker_id, claim_id, backend, device, commands, place)
      ORDER BY trial_id, place
    ), free AS MATERIALIZED (
      SELECT t.id FROM trial t JOIN wanted w ON w.trial_id = t.id
      WHERE t.state = ANY(${claimed.from}::text[])
        AND (t.config->>'workload' <> 'command' OR t.config->'data'->>'command' = ANY(string_to_array(w.commands, ',')))
      ORDER BY t.id FOR NO KEY UPDATE OF t
    ), taken AS (
      UPDATE trial t SET state = ${claimed.to}, attempt = t.attempt + 1, worker_id = w.worker_id,
        lease_until = now() + make_interval(secs => ${leaseSeconds}::float8), started_at = now(), step = NULL, steps = NULL
      FROM free f JOIN wanted w ON w.trial_id = f.id
      WHERE t.id = f.id AND t.state = ANY(${claimed.from}::text[])
      RETURNING t.id, t.sweep_id, t.attempt, t.label, t.config, w.claim_id, w.worker_id, w.backend, w.device
    ), made AS (
      INSERT INTO attempt (trial_id, number, claim_id, worker_id, backend, device)
      SELECT id, attempt, claim_id, worker_id, backend, device FROM taken
    )
    SELECT claim_id, sweep_id, attempt, label, config FROM taken`;
  return new Map(rows.map((row) => [row.claim_id, row]));
}

/** A claim that took nothing: it is a repeated one, or somebody else has the trial. */
async function repeatedClaim(database: Database, claim: Claim, leaseSeconds: number): Promise<StoredClaimAnswer> {
  const { trialId, workerId, claimId } = claim;
  const repeated = await database.$queryRaw<GrantRow[]>`
    UPDATE trial t SET lease_until = now() + make_interval(secs => ${leaseSeconds}::float8)
    FROM attempt a
    WHERE a.claim_id = ${claimId} AND a.worker_id = ${workerId} AND a.trial_id = ${trialId} AND a.outcome = 'running'
      AND t.id = a.trial_id AND t.attempt = a.number AND t.state = ${claimed.to}
    RETURNING a.claim_id, t.sweep_id, t.attempt, t.label, t.config`;
  if (repeated[0] !== undefined) return grant(repeated[0]);
  const [trial] = await database.$queryRaw<{ state: string }[]>`SELECT state FROM trial WHERE id = ${trialId}`;
  if (trial === undefined) return { granted: false, reason: 'there is no such trial' };
  const reason = `the trial is ${trial.state}`;
  return trial.state === 'queued' ? { granted: false, reason, forOthers: true } : { granted: false, reason };
}

function grant({ sweep_id: sweepId, attempt, label, config }: GrantRow): StoredClaimAnswer {
  return { granted: true, sweepId, attempt, label, config, checkpoints: [] };
}
