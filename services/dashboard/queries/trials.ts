import { dataOf } from '../../shared/catalog/workloads.js';
import type { Database } from '../../shared/db/connect.js';
import type { AttemptOutcome, TrialState } from '../../shared/trial-state.js';

/** A line of a sweep's list of trials. */
export interface TrialRow {
  readonly id: string;
  readonly label: string;
  readonly settingKey: string;
  readonly seed: number;
  /** Place in the sweep, from 0. */
  readonly position: number;
  readonly state: TrialState;
  readonly attempt: number;
  readonly workerId: string | null;
  /** The worker's name where it is known. */
  readonly workerName: string | null;
  readonly step: number | null;
  readonly steps: number | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** Seconds from start to end, or to now while running. */
  readonly duration: number | null;
  readonly errorCode: string | null;
  /** Why it was stopped early. */
  readonly stop: string | null;
}

interface ListRow {
  id: string;
  label: string;
  setting_key: string;
  seed: number;
  position: number;
  state: TrialState;
  attempt: number;
  worker_id: string | null;
  worker_name: string | null;
  step: number | null;
  steps: number | null;
  started_at: Date | null;
  ended_at: Date | null;
  duration: number | null;
  error_code: string | null;
  stop: string | null;
}

export interface TrialFilter {
  readonly state: TrialState | undefined;
  /** From 1. */
  readonly page: number;
}

/** Trials on one page of the list. */
export const trialsPerPage = 100;

/** Which part of a sweep's trials is read, in the sweep's order. */
export interface TrialRange {
  readonly state?: TrialState | undefined;
  /** Only those behind this position. */
  readonly after?: number;
  /** So many of those are passed over. */
  readonly offset?: number;
  readonly limit: number;
}

/** One page of the trials of a sweep. */
export function listTrials(database: Database, sweepId: string, { state, page }: TrialFilter): Promise<TrialRow[]> {
  return readTrials(database, sweepId, { state, offset: (page - 1) * trialsPerPage, limit: trialsPerPage });
}

/** The trials of a sweep in its order, some of them. */
export async function readTrials(database: Database, sweepId: string, range: TrialRange): Promise<TrialRow[]> {
  const { state = null, after = -1, offset = 0, limit } = range;
  const rows = await database.$queryRaw<ListRow[]>`
    SELECT t.id, t.label, t.setting_key, t.seed, t.position, t.state, t.attempt, t.worker_id, w.name AS worker_name,
      t.step, t.steps, t.started_at, t.ended_at,
      CASE WHEN t.state NOT IN ('waiting', 'queued') THEN
        extract(epoch FROM coalesce(t.ended_at, now()) - t.started_at)::float8 END AS duration,
      t.error->>'code' AS error_code, t.stop->>'message' AS stop
    FROM trial t LEFT JOIN worker w ON w.id = t.worker_id
    WHERE t.sweep_id = ${sweepId} AND t.position > ${after} AND (${state}::text IS NULL OR t.state = ${state})
    ORDER BY t.position
    LIMIT ${limit} OFFSET ${offset}`;
  return rows.map((row) => ({
    id: row.id,
    label: row.label,
    settingKey: row.setting_key,
    seed: row.seed,
    position: row.position,
    state: row.state,
    attempt: row.attempt,
    workerId: row.worker_id,
    workerName: row.worker_name,
    step: row.step,
    steps: row.steps,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    duration: row.duration,
    errorCode: row.error_code,
    stop: row.stop,
  }));
}

/** What made an attempt or trial fail, as it was recorded. */
export interface RecordedError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

export interface AttemptRow {
  readonly number: number;
  readonly workerId: string;
  readonly workerName: string | null;
  readonly backend: string;
  readonly device: string;
  readonly outcome: AttemptOutcome;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly error: RecordedError | undefined;
  /** The checkpoint that it went on from; undefined when it began at the first step. */
  readonly resumed: { readonly attempt: number; readonly step: number } | undefined;
}

/** A checkpoint in the store. */
export interface CheckpointRow {
  readonly object: string;
  readonly attempt: number;
  readonly step: number;
  readonly bytes: number;
  readonly createdAt: Date;
  /** Of the trained network, and kept. */
  readonly final: boolean;
}

/** What a trial gets its weights from. */
export interface Dependencies {
  /** Number of the trials. */
  readonly all: number;
  /** Number of those that it still waits for. */
  readonly unmet: number;
  /** The first of those. */
  readonly first: readonly { readonly id: string; readonly label: string; readonly state: TrialState }[];
}

export interface TrialDetail {
  readonly id: string;
  readonly label: string;
  readonly seed: number;
  readonly settingKey: string;
  readonly state: TrialState;
  readonly attempt: number;
  readonly failures: number;
  readonly maxFailures: number;
  /** Added to that of its sweep. */
  readonly priority: number;
  readonly paused: boolean;
  /** Why it is not started, as far as it lies in the trial itself; in words. */
  readonly hold: string | undefined;
  readonly step: number | null;
  readonly steps: number | null;
  readonly queuedAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly error: RecordedError | undefined;
  /** Why it was stopped early. */
  readonly stop: string | null;
  /** As stored; the views check it against its schema before reading fields. */
  readonly config: unknown;
  readonly sweep: {
    readonly id: string;
    readonly name: string;
    readonly workload: string;
    /** The spec's `data`, which may declare the tasks. */
    readonly data: unknown;
  };
  readonly setting: {
    readonly label: string;
    readonly kind: string;
    readonly tasks: readonly string[];
    /** Where its weights come from, if they come from other rows and are known. */
    readonly note: string | null;
  };
  readonly dependencies: Dependencies;
  /** Newest first. */
  readonly attempts: readonly AttemptRow[];
  /** Newest first. */
  readonly checkpoints: readonly CheckpointRow[];
}

function recordedError(value: unknown): RecordedError | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const text = (key: string): string | undefined => {
    const field = (value as Record<string, unknown>)[key];
    return typeof field === 'string' ? field : undefined;
  };
  return { code: text('code') ?? 'UNKNOWN', message: text('message') ?? '', hint: text('hint') };
}

function resumedFrom(row: { resumedAttempt: number | null; resumedStep: number | null }): AttemptRow['resumed'] {
  const { resumedAttempt: attempt, resumedStep: step } = row;
  return attempt === null || step === null ? undefined : { attempt, step };
}

const shownDependencies = 5;

async function readDependencies(database: Database, trialId: string): Promise<Dependencies> {
  const all = await database.trialDependency.count({ where: { trialId } });
  if (all === 0) return { all, unmet: 0, first: [] };
  const unmet = { trialId, met: false };
  const first = await database.trialDependency.findMany({
    where: unmet,
    orderBy: { needed: { position: 'asc' } },
    take: shownDependencies,
    select: { needed: { select: { id: true, label: true, state: true } } },
  });
  return {
    all,
    unmet: await database.trialDependency.count({ where: unmet }),
    first: first.map(({ needed }) => ({ ...needed, state: needed.state as TrialState })),
  };
}

function holdOf({ state, paused, notBefore }: { state: string; paused: string | null; notBefore: Date | null }) {
  if (paused !== null) {
    if (state === 'running') return paused === 'now' ? 'Paused: its worker is handing it back.' : undefined;
    if (state === 'waiting' || state === 'queued') return 'Paused: it will not be started until it is resumed.';
  }
  if (state !== 'queued' || notBefore === null) return undefined;
  return `It failed before, and will be tried again after ${notBefore.toISOString().slice(11, 19)} UTC.`;
}

/** One trial with its attempts; undefined when there is none with this id. */
export async function findTrial(database: Database, trialId: string): Promise<TrialDetail | undefined> {
  const row = await database.trial.findUnique({
    where: { id: trialId },
    include: {
      sweep: { select: { id: true, name: true, workload: true } },
      setting: { select: { label: true, kind: true, tasks: true, note: true } },
      attempts: {
        orderBy: { number: 'desc' },
        include: { checkpoints: { orderBy: [{ step: 'desc' }, { createdAt: 'desc' }] } },
      },
    },
  });
  if (row === null) return undefined;
  const workerIds = [...new Set(row.attempts.map((attempt) => attempt.workerId))];
  const workers = await database.worker.findMany({
    where: { id: { in: workerIds } },
    select: { id: true, name: true },
  });
  const names = new Map(workers.map((worker) => [worker.id, worker.name]));
  return {
    id: row.id,
    label: row.label,
    seed: row.seed,
    settingKey: row.settingKey,
    state: row.state as TrialState,
    attempt: row.attempt,
    failures: row.failures,
    maxFailures: row.maxFailures,
    priority: row.priority,
    paused: row.paused !== null,
    hold: holdOf(row),
    step: row.step,
    steps: row.steps,
    queuedAt: row.queuedAt,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    error: recordedError(row.error),
    stop: recordedError(row.stop)?.message ?? null,
    config: row.config,
    sweep: { ...row.sweep, data: dataOf(row.config) },
    setting: row.setting,
    dependencies: await readDependencies(database, trialId),
    attempts: row.attempts.map((attempt) => ({
      number: attempt.number,
      workerId: attempt.workerId,
      workerName: names.get(attempt.workerId) ?? null,
      backend: attempt.backend,
      device: attempt.device,
      outcome: attempt.outcome as AttemptOutcome,
      startedAt: attempt.startedAt,
      endedAt: attempt.endedAt,
      error: recordedError(attempt.error),
      resumed: resumedFrom(attempt),
    })),
    checkpoints: row.attempts.flatMap(({ checkpoints }) =>
      checkpoints.map(({ object, attempt, step, bytes, createdAt, final }) => {
        return { object, attempt, step, bytes: Number(bytes), createdAt, final };
      }),
    ),
  };
}

export interface LogRow {
  readonly seq: number;
  readonly at: Date;
  readonly level: string;
  readonly text: string;
}

/** An attempt's log from its beginning, some lines of it. */
export function readLogRange(
  database: Database,
  { trialId, attempt }: { readonly trialId: string; readonly attempt: number },
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<LogRow[]> {
  return database.logLine.findMany({
    where: { trialId, attempt, seq: { gt: after } },
    orderBy: { seq: 'asc' },
    take: limit,
    select: { seq: true, at: true, level: true, text: true },
  });
}

/** The last lines of an attempt's log, in their order. */
export async function readLog(
  database: Database,
  trialId: string,
  attempt: number,
  lines = 500,
): Promise<{ lines: LogRow[]; total: number }> {
  const [rows, total] = await Promise.all([
    database.logLine.findMany({
      where: { trialId, attempt },
      orderBy: { seq: 'desc' },
      take: lines,
      select: { seq: true, at: true, level: true, text: true },
    }),
    database.logLine.count({ where: { trialId, attempt } }),
  ]);
  return { lines: rows.reverse(), total };
}
