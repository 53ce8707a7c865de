import type { Database, Queryable } from '../../shared/db/connect.js';
import type { StoredCheckpoint } from '../../shared/messages/checkpoints.js';
import { terminalStates } from '../../shared/trial-state.js';
import type { Verdict } from './judge-reports.js';

/** So many of a trial that is not over are kept: the next to last is for when the last one cannot be read. */
const keptForEach = 2;

/** Notes what lies in the store; only of attempts that had their trial when they stored it. */
export async function writeCheckpoints(transaction: Queryable, checkpoints: Verdict['checkpoints']): Promise<void> {
  if (checkpoints.length === 0) return;
  await transaction.$executeRaw`
    INSERT INTO checkpoint (object, trial_id, attempt, step, epoch, bytes, sha256, final)
    SELECT c.object, c.trial_id, c.attempt, c.step, c.epoch, c.bytes, c.sha256, c.final
    FROM unnest(
      ${checkpoints.map((one) => one.object)}::text[], ${checkpoints.map((one) => one.trialId)}::text[],
      ${checkpoints.map((one) => one.attempt)}::int[], ${checkpoints.map((one) => one.step)}::int[],
      ${checkpoints.map((one) => one.epoch)}::int[], ${checkpoints.map((one) => one.bytes)}::float8[],
      ${checkpoints.map((one) => one.sha256)}::text[], ${checkpoints.map((one) => one.final)}::boolean[]
    ) AS c(object, trial_id, attempt, step, epoch, bytes, sha256, final)
    JOIN attempt a ON a.trial_id = c.trial_id AND a.number = c.attempt
      AND a.outcome NOT IN ('lease-expired', 'stopped', 'cancelled')
    ON CONFLICT DO NOTHING`;
}

export async function writeResumptions(transaction: Queryable, resumptions: Verdict['resumptions']): Promise<void> {
  if (resumptions.length === 0) return;
  await transaction.$executeRaw`
    UPDATE attempt a SET resumed_attempt = r.from_attempt, resumed_step = r.from_step
    FROM unnest(
      ${resumptions.map((one) => one.trialId)}::text[], ${resumptions.map((one) => one.attempt)}::int[],
      ${resumptions.map((one) => one.from.attempt)}::int[], ${resumptions.map((one) => one.from.step)}::int[]
    ) AS r(trial_id, attempt, from_attempt, from_step)
    WHERE a.trial_id = r.trial_id AND a.number = r.attempt AND a.outcome NOT IN ('lease-expired', 'stopped', 'cancelled')`;
}

interface CheckpointRow {
  trialId: string;
  attempt: number;
  step: number;
  epoch: number;
  bytes: bigint;
  sha256: string;
  object: string;
  final: boolean;
}

/** The checkpoints that the next attempts at these trials may go on from, by trial, the newest first. */
export async function readCheckpoints(
  database: Database,
  trialIds: readonly string[],
): Promise<Map<string, StoredCheckpoint[]>> {
  if (trialIds.length === 0) return new Map();
  const rows: CheckpointRow[] = await database.checkpoint.findMany({
    where: { trialId: { in: [...trialIds] } },
    // An attempt that could not use the earlier ones began anew: its own are what counts.
    orderBy: [{ attempt: 'desc' }, { step: 'desc' }],
  });
  const found = new Map<string, StoredCheckpoint[]>();
  for (const row of rows) {
    const ofTrial = found.get(row.trialId) ?? [];
    found.set(row.trialId, ofTrial);
    if (ofTrial.length < keptForEach) ofTrial.push(storedOf(row));
  }
  return found;
}

function storedOf({ attempt, step, epoch, bytes, sha256, object, final }: CheckpointRow): StoredCheckpoint {
  return { attempt, step, epoch, bytes: Number(bytes), sha256, object, final };
}

/** The network that a trial was tested with; undefined where it has not succeeded, or has not kept it. */
export async function readTrainedNetwork(database: Database, trialId: string): Promise<StoredCheckpoint | undefined> {
  const row: CheckpointRow | null = await database.checkpoint.findFirst({
    where: { trialId, final: true, attemptRow: { trial: { state: 'succeeded' } } },
    orderBy: [{ attempt: 'desc' }, { step: 'desc' }],
  });
  return row === null ? undefined : storedOf(row);
}

/**
 * Objects that nobody will go on from: all but the newest of a trial that is not over, and all of one that is, but for
 * the trained network of one that succeeded and was to keep it.
 */
export async function superfluousCheckpoints(database: Database, limit: number): Promise<string[]> {
  const rows = await database.$queryRaw<{ object: string }[]>`
    SELECT object FROM (
      SELECT c.object, t.state = ANY(${[...terminalStates]}::text[]) AS over,
        row_number() OVER (PARTITION BY c.trial_id ORDER BY c.attempt DESC, c.step DESC, c.created_at DESC) AS place
      FROM checkpoint c JOIN trial t ON t.id = c.trial_id
      WHERE NOT (c.final AND t.state = 'succeeded')
    ) AS ranked
    WHERE over OR place > ${keptForEach}
    LIMIT ${limit}`;
  return rows.map(({ object }) => object);
}

export async function forgetCheckpoints(database: Database, objects: readonly string[]): Promise<void> {
  await database.checkpoint.deleteMany({ where: { object: { in: [...objects] } } });
}

/** Which of these objects the database knows. */
export async function knownCheckpoints(database: Database, objects: readonly string[]): Promise<Set<string>> {
  const rows = await database.$queryRaw<{ object: string }[]>`
    SELECT object FROM checkpoint WHERE object = ANY(${[...objects]}::text[])`;
  return new Set(rows.map(({ object }) => object));
}
