import { randomUUID } from 'node:crypto';
import { planSweep } from '../../services/shared/plan/plan.js';
import { applyMigrations } from '../../services/coordinator/store/apply-migrations.js';
import { claimTrials, readGrant, type ClaimAnswer } from '../../services/coordinator/store/claim-trial.js';
import type { Claim } from '../../services/coordinator/store/take-trials.js';
import { submitSweep, type Submission } from '../../services/coordinator/store/submit-sweep.js';
import { connectDatabase, type Database } from '../../services/shared/db/connect.js';
import { newId } from '../../services/shared/ids.js';
import { protocolVersion } from '../../services/shared/messages/common.js';
import type { ReportItem, ReportMessage } from '../../services/shared/messages/reports.js';
import { errorClasses } from '../../services/shared/schedule/retries.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { tinySpec } from './cli.js';
import { startPostgres } from './servers.js';

/** A database with the project's tables, and questions that tests ask of it. */
export type StoreRig = Awaited<ReturnType<typeof startStore>>;

export async function startStore() {
  const postgres = await startPostgres();
  await applyMigrations(postgres.url);
  const database = connectDatabase(postgres.url, 24);
  const trialOf = (id: string) => database.trial.findUniqueOrThrow({ where: { id }, include: { attempts: true } });
  return {
    url: postgres.url,
    database,
    trialOf,
    /** Outbox rows of a trial that still have to be published. */
    unsent: (trialId: string) => database.outbox.count({ where: { trialId, sentAt: null } }),
    /** Everything the database holds of a trial, to see that something changed nothing. */
    wholeOf: async (trialId: string) => ({
      trial: await trialOf(trialId),
      metrics: await database.metric.findMany({ where: { trialId }, orderBy: [{ attempt: 'asc' }, { epoch: 'asc' }] }),
      lines: await database.logLine.findMany({ where: { trialId }, orderBy: { seq: 'asc' } }),
      pictures: await database.picture.findMany({ where: { trialId } }),
      rings: await database.outbox.count({ where: { trialId } }),
    }),
    stop: async () => {
      await database.$disconnect();
      await postgres.stop();
    },
  };
}

/** A moment after all leases, in milliseconds of the epoch. */
export const farFuture = 8.64e15;

/** A schedule whose trials are tried again at once. */
export const atOnce = {
  retries: Object.fromEntries(errorClasses.map((name) => [name, { backoffSeconds: 0 }])),
};

/** A tiny sweep of so many trials, planned as the service plans it; each call has a key of its own. */
export function plannedSweep(trials: number, overrides: Partial<Submission> = {}): Submission {
  const seeds = Array.from({ length: trials }, (_, index) => index);
  // No other test's claim takes its trials: see `claimTrial`.
  const label = newId('sweep');
  const whole = {
    grid: { points: [{ semantic: 1, depth: 1 }] },
    weightings: [],
    baselines: false,
    schedule: { ...atOnce, requires: { labels: [label] } },
  };
  const spec = parseSweepSpec(tinySpec({ ...whole, seeds: seeds.slice(0, 1000) }), { quick: false });
  const plan = planSweep({ ...spec, seeds });
  return {
    idempotencyKey: randomUUID(),
    spec,
    maxFailures: 3,
    settings: plan.settings,
    trials: plan.trials,
    ...overrides,
  };
}

/** Submits a sweep and gives back the ids of its trials, in order. */
export async function submitTrials(
  database: Database,
  trials: number,
  overrides: Partial<Submission> = {},
): Promise<{ sweepId: string; trialIds: string[] }> {
  const { sweepId } = await submitSweep(database, plannedSweep(trials, overrides));
  const rows = await database.trial.findMany({
    where: { sweepId },
    orderBy: { position: 'asc' },
    select: { id: true },
  });
  return { sweepId, trialIds: rows.map((row) => row.id) };
}

/** What a worker sends that asks for a trial. */
export function claimRequest(overrides: Partial<Claim> = {}) {
  const { labels = [], commands = [], ...rest } = overrides;
  const facts = { backend: 'wasm', device: 'test', labels: [...labels], commands: [...commands] };
  return { workerId: newId('worker'), claimId: newId('claim'), ...facts, ...rest };
}

/** A claim for one trial: see `claimTrial`. */
export function claimOf(trialId: string, overrides: Partial<Claim> = {}) {
  return { trialId, ...claimRequest(overrides) };
}

/** One claim alone, as a batch of one, for whatever is the best. */
export async function claimAny(database: Database, claim: Claim, leaseSeconds: number): Promise<ClaimAnswer> {
  const [answer] = await claimTrials(database, [claim], leaseSeconds);
  if (answer === undefined) throw new Error('a claim got no answer');
  return readGrant(answer);
}

/** Claims by `claimTrial` in a sweep, one after the other. */
const turns = new Map<string, Promise<unknown>>();

/**
 * One claim alone for a certain trial. A coordinator gives what is next; so sweeps of tests ask for a label of their own,
 * which the claim then has, and the sweep's other trials are paused meanwhile.
 */
export async function claimTrial(
  database: Database,
  { trialId, ...claim }: Claim & { trialId: string },
  leaseSeconds: number,
): Promise<ClaimAnswer> {
  await database.$executeRaw`UPDATE schedule SET labels = ARRAY[sweep_id] WHERE labels = '{}'`;
  const { sweepId = 'none' } = (await database.trial.findUnique({ where: { id: trialId } })) ?? {};
  const { labels = [] } = (await database.schedule.findUnique({ where: { sweepId } })) ?? {};
  const others = { sweepId, id: { not: trialId }, state: 'queued' };
  const work = async (): Promise<ClaimAnswer> => {
    await database.trial.updateMany({ where: { ...others, paused: null }, data: { paused: 'drain' } });
    try {
      return await claimAny(database, { ...claim, labels }, leaseSeconds);
    } finally {
      await database.trial.updateMany({ where: others, data: { paused: null } });
    }
  };
  const answer = (turns.get(sweepId) ?? Promise.resolve()).then(work);
  const over = answer.catch(() => undefined);
  turns.set(sweepId, over);
  return answer;
}

/** Submits one trial and claims it. */
export async function runningTrial(
  database: Database,
  { maxFailures = 3, leaseSeconds = 60 }: { maxFailures?: number; leaseSeconds?: number } = {},
): Promise<{ sweepId: string; trialId: string; workerId: string; attempt: number }> {
  const { sweepId, trialIds } = await submitTrials(database, 1, { maxFailures });
  const trialId = trialIds[0] ?? '';
  const claim = claimOf(trialId);
  const { attempt } = granted(await claimTrial(database, claim, leaseSeconds));
  return { sweepId, trialId, workerId: claim.workerId, attempt };
}

export function granted(answer: ClaimAnswer): Extract<ClaimAnswer, { granted: true }> {
  if (!answer.granted) throw new Error(`not granted: ${answer.reason}`);
  return answer;
}

/** What the worker of an attempt reports. */
export function reportOf(
  { trialId, attempt, workerId }: { trialId: string; attempt: number; workerId: string },
  ...items: ReportItem[]
): ReportMessage {
  return { v: protocolVersion, trialId, attempt, workerId, items };
}

/** A report of one number. */
export function metricItem(epoch: number, value = 0.5, overrides: Record<string, unknown> = {}): ReportItem {
  const point = { epoch, split: 'validation', task: 'semantic', metric: 'meanIoU', value, ...overrides };
  return { type: 'metrics', points: [point as Extract<ReportItem, { type: 'metrics' }>['points'][number]] };
}

export const failedItem = (retryable: boolean, message = 'the loss became NaN'): ReportItem => ({
  type: 'failed',
  error: { code: 'LOSS_NOT_FINITE', message },
  retryable,
});
