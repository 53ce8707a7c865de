import type { Database, Queryable } from '../../shared/db/connect.js';
import type { StoredCheckpoint } from '../../shared/messages/checkpoints.js';
import { trialConfig, type TrialConfig } from '../../shared/trial-config.js';
import { readCheckpoints } from './checkpoints.js';
import { canBeStarted } from './startable.js';
import { takeStatement, type Claim } from './take-trials.js';
import { inTransaction } from './transaction.js';
import { transition } from './transition.js';

type Answer<Config> =
  | {
      readonly granted: true;
      readonly trialId: string;
      readonly sweepId: string;
      readonly attempt: number;
      readonly label: string;
      readonly config: Config;
      /** To go on from, the best first. */
      readonly checkpoints: readonly StoredCheckpoint[];
    }
  | {
      readonly granted: false;
      readonly reason: string;
      /** There is something to train, for workers that have what it needs. */
      readonly forOthers?: boolean;
    };

export type ClaimAnswer = Answer<TrialConfig>;
/** The configuration as it is stored: one that cannot be read must not cost the other claims of a batch. */
export type StoredClaimAnswer = Answer<unknown>;

interface GrantRow {
  claim_id: string;
  id: string;
  sweep_id: string;
  attempt: number;
  label: string;
  config: unknown;
}

/** Key of the lock under which claims are granted one batch after the other: 'clai' in ASCII. */
const lockKey = 0x636c6169;
/** A coordinator that stops in the middle of a batch must not keep the others from theirs, in milliseconds. */
const longestIdleMs = 5_000;

/** Claims wait for nothing as long as for answers of the database: the lock is asked for together with the beginning. */
const lockClaims = `SET LOCAL idle_in_transaction_session_timeout = ${String(longestIdleMs)};
  SELECT pg_advisory_xact_lock(${String(lockKey)})`;

const running = transition('claimed').to;

/**
 * Gives queued trials to workers that ask for one. Which one is decided here and now, by `takeStatement`: whoever asks
 * gets the best for it, whatever message made it ask. Claims that come together are one transaction, whose commit is what
 * a claim costs most. Leases are in the database's time and begin with the claim, so that a worker that dies before its
 * first heartbeat is found too.
 *
 * The same claim again, after its answer was lost, gets the same attempt and a fresh lease while the attempt runs.
 * @returns an answer for each claim, in their order
 */
export async function claimTrials(
  database: Database,
  claims: readonly Claim[],
  leaseSeconds: number,
): Promise<StoredClaimAnswer[]> {
  const taken = await take(
    database,
    [...new Map(claims.map((claim) => [claim.claimId, claim])).values()],
    leaseSeconds,
  );
  const answers: StoredClaimAnswer[] = [];
  let others: boolean | undefined;
  for (const claim of claims) {
    const row = taken.get(claim.claimId);
    // One after the other: a batch of claims that took nothing must not empty the pool of connections.
    const answer = row === undefined ? await repeatedClaim(database, claim, leaseSeconds) : grant(row);
    answers.push(answer ?? refuse((others ??= await canBeStarted(database))));
  }
  const again = answers.flatMap((answer) => (answer.granted && answer.attempt > 1 ? [answer.trialId] : []));
  const checkpoints = await readCheckpoints(database, again);
  return answers.map((answer) => {
    const found = answer.granted ? checkpoints.get(answer.trialId) : undefined;
    return answer.granted && found !== undefined ? { ...answer, checkpoints: found } : answer;
  });
}

/** Reads the stored configuration of a granted trial. @throws ZodError for one that this version does not understand */
export function readGrant(answer: StoredClaimAnswer): ClaimAnswer {
  return answer.granted ? { ...answer, config: trialConfig.parse(answer.config) } : answer;
}

/** Nobody who holds the lock waits for anything but the disk: rows that others hold are passed over. */
async function take(
  database: Database,
  claims: readonly Claim[],
  leaseSeconds: number,
): Promise<Map<string, GrantRow>> {
  const work = async (transaction: Queryable): Promise<GrantRow[]> => {
    const taken: GrantRow[] = [];
    for (const group of alike(claims)) {
      taken.push(...(await transaction.$queryRaw<GrantRow[]>(takeStatement(group, leaseSeconds))));
    }
    return taken;
  };
  const rows = await inTransaction(database, work, lockClaims);
  return new Map(rows.map((row) => [row.claim_id, row]));
}

/** Claims of workers that have the same, which one statement can answer. */
function alike(claims: readonly Claim[]): Claim[][] {
  const groups = new Map<string, Claim[]>();
  for (const claim of claims) {
    const { backend, memoryBytes, labels, commands } = claim;
    const key = JSON.stringify([backend, memoryBytes, [...labels].sort(), [...commands].sort()]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [claim]);
    else group.push(claim);
  }
  return [...groups.values()];
}

/** @returns undefined for a claim that was never granted */
async function repeatedClaim(
  database: Database,
  { workerId, claimId }: Claim,
  leaseSeconds: number,
): Promise<StoredClaimAnswer | undefined> {
  const repeated = await database.$queryRaw<GrantRow[]>`
    UPDATE trial t SET lease_until = now() + make_interval(secs => ${leaseSeconds}::float8)
    FROM attempt a
    WHERE a.claim_id = ${claimId} AND a.worker_id = ${workerId} AND a.outcome = 'running'
      AND t.id = a.trial_id AND t.attempt = a.number AND t.state = ${running}
    RETURNING a.claim_id, t.id, t.sweep_id, t.attempt, t.label, t.config`;
  if (repeated[0] !== undefined) return grant(repeated[0]);
  const known = await database.$queryRaw<unknown[]>`SELECT 1 FROM attempt WHERE claim_id = ${claimId}`;
  // Its late repetition must not start another attempt.
  return known.length === 0 ? undefined : { granted: false, reason: 'the attempt of this claim is over' };
}

function refuse(others: boolean): StoredClaimAnswer {
  return others
    ? { granted: false, reason: 'what is queued needs another worker', forOthers: true }
    : { granted: false, reason: 'there is nothing to start' };
}

function grant({ id: trialId, sweep_id: sweepId, attempt, label, config }: GrantRow): StoredClaimAnswer {
  return { granted: true, trialId, sweepId, attempt, label, config, checkpoints: [] };
}
