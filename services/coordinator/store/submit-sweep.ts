import { commandsNeededBy } from '../../shared/catalog/own-workloads.js';
import type { Setting } from '../../shared/compare/results.js';
import type { Database, Queryable } from '../../shared/db/connect.js';
import { SigmasweepError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { scheduleOptions, type ScheduleOptions } from '../../shared/schedule/options.js';
import { identityOfSpec } from '../../shared/sweep-spec/submission.js';
import { insertTrials, type StoredTrial } from './insert-trials.js';
import { inTransaction } from './transaction.js';

/** A planned sweep as it is stored. */
export interface Submission {
  readonly idempotencyKey: string;
  /** The validated spec, defaults filled in. */
  readonly spec: {
    readonly name: string;
    readonly workload: string;
    readonly tasks: readonly string[];
    readonly data?: Readonly<Record<string, unknown>>;
    readonly schedule?: ScheduleOptions;
  };
  /** Attempts of a trial that may fail. */
  readonly maxFailures: number;
  readonly settings: readonly Setting[];
  readonly trials: readonly StoredTrial[];
}

export interface SubmittedSweep {
  readonly sweepId: string;
  /** False when the same submission was known. */
  readonly created: boolean;
  readonly trials: number;
}

/**
 * Stores a sweep with its settings, trials and outbox rows in one transaction.
 *
 * The idempotency key makes a repeated submission harmless: with the same spec it gives the sweep that is there. Of two
 * that race, the second waits for the first one's commit at the key's unique index.
 * @throws SigmasweepError SUBMISSION_CONFLICT when the key stands for another spec
 */
export async function submitSweep(database: Database, submission: Submission): Promise<SubmittedSweep> {
  const specHash = identityOfSpec(submission.spec);
  return inTransaction(database, async (transaction) => {
    const sweepId = newId('sweep');
    const { spec, idempotencyKey } = submission;
    const made = await transaction.$queryRaw<{ id: string }[]>`
      INSERT INTO sweep (id, name, workload, tasks, spec, spec_hash, idempotency_key)
      VALUES (${sweepId}, ${spec.name}, ${spec.workload}, ${[...spec.tasks]}::text[], ${JSON.stringify(spec)}::jsonb,
        ${specHash}, ${idempotencyKey})
      ON CONFLICT (idempotency_key) DO NOTHING
      RETURNING id`;
    if (made.length === 0) return knownSweep(transaction, idempotencyKey, specHash);
    await insertSchedule(transaction, sweepId, spec);
    await insertSettings(transaction, sweepId, submission.settings);
    await insertTrials(transaction, sweepId, submission);
    return { sweepId, created: true, trials: submission.trials.length };
  });
}

async function knownSweep(transaction: Queryable, key: string, specHash: string): Promise<SubmittedSweep> {
  const [row] = await transaction.$queryRaw<{ id: string; spec_hash: string; trials: number }[]>`
    SELECT id, spec_hash, (SELECT count(*)::int FROM trial t WHERE t.sweep_id = s.id) AS trials
    FROM sweep s WHERE idempotency_key = ${key}`;
  if (row?.spec_hash === specHash) return { sweepId: row.id, created: false, trials: row.trials };
  throw new SigmasweepError(
    'SUBMISSION_CONFLICT',
    `The idempotency key ${JSON.stringify(key)} already stands for sweep ${row?.id ?? '?'} with another spec.`,
    {
      ids: { sweepId: row?.id ?? '?' },
      hint: 'Use a new key for a new sweep; repeat a submission with exactly the spec it had.',
    },
  );
}

async function insertSchedule(transaction: Queryable, sweepId: string, spec: Submission['spec']): Promise<void> {
  const { priority, share, maxRunning, requires, budget, retries } = spec.schedule ?? scheduleOptions.parse({});
  const { backends, deviceMemoryGiB, labels } = requires;
  const memory = deviceMemoryGiB === undefined ? null : Math.ceil(deviceMemoryGiB * 1024 ** 3);
  const seconds = budget.deviceHours === undefined ? null : budget.deviceHours * 3600;
  await transaction.$executeRaw`
    INSERT INTO schedule (sweep_id, priority, share, max_running, backends, memory_bytes, labels, commands,
      budget_trials, budget_seconds, retries)
    VALUES (${sweepId}, ${priority}, ${share}::float8, ${maxRunning ?? null}::int4, ${backends}::text[],
      ${memory}::int8, ${labels}::text[], ${commandsNeededBy(spec)}::text[],
      ${budget.trials ?? null}::int4, ${seconds}::float8, ${JSON.stringify(retries)}::jsonb)`;
}

async function insertSettings(transaction: Queryable, sweepId: string, settings: readonly Setting[]): Promise<void> {
  await transaction.$executeRaw`
    INSERT INTO setting (sweep_id, key, position, label, kind, method, tasks, weights, model, basis)
    SELECT ${sweepId}, key, position, label, kind, method, tasks, NULLIF(weights, 'null'::jsonb), model, basis
    FROM jsonb_to_recordset(${JSON.stringify(settings)}::jsonb)
      AS s(key text, position int, label text, kind text, method text, tasks text[], weights jsonb, model text, basis text)`;
}
