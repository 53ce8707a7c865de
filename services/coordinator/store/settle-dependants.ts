import { Prisma, type Queryable } from '../../shared/db/connect.js';
import { deriveTrials } from './derive-trials.js';
import { storableError } from './storable-text.js';
import { transition } from './transition.js';

/** Errors by which training itself says that a configuration is no good; any other failure says nothing about it. */
const gaveUp = ['TRAINING_DIVERGED'];

export interface Settled {
  /** Dependants that are queued now and have an outbox row. */
  readonly queued: readonly { readonly trialId: string; readonly sweepId: string }[];
  /** Dependants that failed, because what they need has. */
  readonly failed: string[];
}

const met = transition('dependencies-met');
const broken = transition('dependency-failed');

/**
 * Locks the trials that wait for these ones, in the order of their ids. Of two transactions that end the last two
 * dependencies of a trial, the second then sees, in its next statement, what the first has written; so one of them
 * queues it.
 */
async function lockWaiting(transaction: Queryable, endedIds: readonly string[]): Promise<string[]> {
  const rows = await transaction.$queryRaw<{ id: string }[]>`
    SELECT t.id FROM trial t
    WHERE t.state = ANY(${met.from}::text[])
      AND t.id IN (SELECT d.trial_id FROM trial_dependency d WHERE d.needs_id = ANY(${[...endedIds]}::text[]))
    ORDER BY t.id FOR NO KEY UPDATE OF t`;
  return rows.map((row) => row.id);
}

/** Whether the trial `n` gives what the dependency `d` asks for. */
const gives = Prisma.sql`(n.state = 'succeeded' OR (d.may_lack AND (
  n.state = 'stopped' OR (n.state = 'failed' AND n.error->>'code' = ANY(${gaveUp}::text[])))))`;

/**
 * Does the same for trials that were taken up again, whose dependencies may have changed in either direction. What still
 * waits for one of them waits for its new end.
 * @param waiting locked, waiting trials
 */
export async function settleReopened(transaction: Queryable, waiting: readonly string[]): Promise<Settled> {
  await transaction.$executeRaw`
    UPDATE trial_dependency SET met = false
    WHERE needs_id = ANY(${[...waiting]}::text[]) AND met AND trial_id = ANY(${await lockWaiting(transaction, waiting)}::text[])`;
  const changed = await transaction.$queryRaw<{ id: string }[]>`
    UPDATE trial_dependency d SET met = ${gives} FROM trial n
    WHERE d.trial_id = ANY(${[...waiting]}::text[]) AND n.id = d.needs_id
    RETURNING n.id`;
  const settled = await settleWaiting(transaction, waiting, [...new Set(changed.map(({ id }) => id))]);
  const further = await settleDependants(transaction, settled.failed);
  return { queued: [...settled.queued, ...further.queued], failed: [...settled.failed, ...further.failed] };
}

/**
 * Does for the trials that wait for some that have ended what follows: fails those that cannot be trained any more, and
 * queues those that have all they need, with their weights filled in. Must be in the transaction that ended them, so
 * that no crash can come in between.
 */
export async function settleDependants(transaction: Queryable, endedIds: readonly string[]): Promise<Settled> {
  if (endedIds.length === 0) return { queued: [], failed: [] };
  const waiting = await lockWaiting(transaction, endedIds);
  if (waiting.length === 0) return { queued: [], failed: [] };
  await transaction.$executeRaw`
    UPDATE trial_dependency d SET met = true FROM trial n
    WHERE d.trial_id = ANY(${waiting}::text[]) AND d.needs_id = ANY(${[...endedIds]}::text[]) AND NOT d.met
      AND n.id = d.needs_id AND ${gives}`;
  const settled = await settleWaiting(transaction, waiting, endedIds);
  const further = await settleDependants(transaction, settled.failed);
  return { queued: [...settled.queued, ...further.queued], failed: [...settled.failed, ...further.failed] };
}

/**
 * @param waiting locked, waiting trials whose dependencies are marked
 * @param among the dependencies that may be broken
 */
async function settleWaiting(
  transaction: Queryable,
  waiting: readonly string[],
  among: readonly string[],
): Promise<Settled> {
  const rows = await transaction.$queryRaw<{ id: string; lacks: string | null; state: string; unmet: boolean }[]>`
    SELECT t.id, b.label AS lacks, b.state,
      EXISTS (SELECT 1 FROM trial_dependency d WHERE d.trial_id = t.id AND NOT d.met) AS unmet
    FROM trial t LEFT JOIN LATERAL (
      SELECT n.label, n.state FROM trial_dependency d JOIN trial n ON n.id = d.needs_id
      WHERE d.trial_id = t.id AND NOT d.met AND d.needs_id = ANY(${[...among]}::text[])
        AND n.state IN ('failed', 'stopped', 'cancelled')
      ORDER BY n.position LIMIT 1
    ) b ON true
    WHERE t.id = ANY(${[...waiting]}::text[]) ORDER BY t.id`;
  const failed = rows.flatMap(({ id, lacks, state }) => (lacks === null ? [] : [{ id, error: lackOf(lacks, state) }]));
  const ready = rows.filter(({ lacks, unmet }) => lacks === null && !unmet).map(({ id }) => id);
  const derived = await deriveTrials(transaction, ready);
  failed.push(...derived.faults.map(({ id, error }) => ({ id, error: storableError(error) })));
  await transaction.$executeRaw`
    UPDATE trial t SET state = ${broken.to}, error = f.error::jsonb, ended_at = now()
    FROM unnest(${failed.map(({ id }) => id)}::text[], ${failed.map(({ error }) => error)}::text[]) AS f(id, error)
    WHERE t.id = f.id AND t.state = ANY(${broken.from}::text[])`;
  return { queued: await queueReady(transaction, derived.ready), failed: failed.map(({ id }) => id) };
}

async function queueReady(transaction: Queryable, trialIds: readonly string[]): Promise<Settled['queued']> {
  if (trialIds.length === 0) return [];
  return transaction.$queryRaw<{ trialId: string; sweepId: string }[]>`
    WITH moved AS (
      UPDATE trial SET state = ${met.to}, queued_at = now()
      WHERE id = ANY(${[...trialIds]}::text[]) AND state = ANY(${met.from}::text[])
      RETURNING id, sweep_id, position
    ), rung AS (
      INSERT INTO outbox (sweep_id, trial_id) SELECT sweep_id, id FROM moved ORDER BY position
    )
    SELECT id AS "trialId", sweep_id AS "sweepId" FROM moved ORDER BY position`;
}

function lackOf(label: string, state: string): string {
  return storableError({
    code: dependencyFailed,
    message: `It needs the result of ${label}, which ${state === 'failed' ? 'failed' : `was ${state}`}.`,
    hint: 'Retry that trial: this one is then taken up again by itself.',
  });
}

/** The error of a trial that cannot be trained because of another one. */
export const dependencyFailed = 'DEPENDENCY_FAILED';
