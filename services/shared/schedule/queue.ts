import { z } from 'zod';

/** Why a trial waits; the order is that in which the reasons are found. */
export const waitReasons = ['trials', 'paused', 'backoff', 'budget', 'worker', 'limit', 'slot'] as const;
export type WaitReason = (typeof waitReasons)[number];

/** What each reason is called in lists, after a number of trials. */
export const waitReasonLabels: Readonly<Record<WaitReason, string>> = {
  trials: 'waiting for other trials',
  paused: 'paused',
  backoff: 'waiting for another try',
  budget: 'held: the budget is used up',
  worker: 'waiting for a suitable worker',
  limit: 'held by their sweep’s limit',
  slot: 'waiting for a free slot',
};

/** Trials of a sweep that wait for the same thing. */
export const waitGroup = z.object({
  reason: z.enum(waitReasons),
  trials: z.int().min(1),
  /** More, in words, where there is more to say. */
  detail: z.string().nullable(),
});
export type WaitGroup = z.infer<typeof waitGroup>;

const requirements = z.object({
  backends: z.array(z.string()),
  memoryBytes: z.number().nullable(),
  labels: z.array(z.string()),
  /** Programs that the worker must be allowed to run. */
  commands: z.array(z.string()),
});
export type Requirements = z.infer<typeof requirements>;

/** A sweep that is not over, as the queue shows it. */
export const queuedSweep = z.object({
  sweepId: z.string(),
  name: z.string(),
  priority: z.int(),
  share: z.number(),
  maxRunning: z.int().nullable(),
  running: z.int(),
  paused: z.enum(['drain', 'now']).nullable(),
  requires: requirements,
  /** Trials that were started, and may be. */
  started: z.int(),
  budgetTrials: z.int().nullable(),
  /** Device time that was used, and may be, in seconds. */
  usedSeconds: z.number(),
  budgetSeconds: z.number().nullable(),
  /** Its trials that are not running, by what they wait for. */
  waits: z.array(waitGroup),
});
export type QueuedSweep = z.infer<typeof queuedSweep>;

/** What a sweep has in the queue, counted. */
export interface QueueCounts {
  /** Wait for other trials. */
  readonly dependent: number;
  /** Paused one by one. */
  readonly paused: number;
  /** Between two attempts, and seconds until the first of them is tried again. */
  readonly backoff: number;
  readonly nextTrySeconds: number | null;
  /** That a claim could take: never started, and to go on with. */
  readonly fresh: number;
  readonly begun: number;
}

/** A worker that is there, as far as requirements are concerned. */
export interface WorkerOffer {
  readonly backend: string;
  readonly memoryBytes: number | null;
  readonly labels: readonly string[];
  readonly commands: readonly string[];
}

function gibibytes(bytes: number): string {
  return `${String(Number((bytes / 1024 ** 3).toFixed(1)))} GiB`;
}

/** Says what no worker has; undefined when one has all that is asked for. */
export function lackingWorker(requires: Requirements, workers: readonly WorkerOffer[]): string | undefined {
  if (workers.length === 0) return 'no worker is running';
  const { backends, memoryBytes, labels, commands } = requires;
  const asked: readonly (readonly [string, (worker: WorkerOffer) => boolean])[] = [
    ...(backends.length === 0
      ? []
      : [[`backend ${backends.join(' or ')}`, (one: WorkerOffer) => backends.includes(one.backend)] as const]),
    ...(memoryBytes === null
      ? []
      : [
          [
            `${gibibytes(memoryBytes)} of device memory`,
            (one: WorkerOffer) => (one.memoryBytes ?? 0) >= memoryBytes,
          ] as const,
        ]),
    ...labels.map((label) => [`label ${label}`, (one: WorkerOffer) => one.labels.includes(label)] as const),
    ...commands.map((name) => [`the command ${name}`, (one: WorkerOffer) => one.commands.includes(name)] as const),
  ];
  const never = asked.filter(([, has]) => !workers.some(has)).map(([what]) => what);
  if (never.length > 0) return `no worker has ${never.join(', nor ')}`;
  if (workers.some((one) => asked.every(([, has]) => has(one)))) return undefined;
  return `no worker has all of ${asked.map(([what]) => what).join(', ')}`;
}

/**
 * What the trials of a sweep that do not run wait for. A trial is counted under the first thing that holds it; all numbers
 * together are all its waiting and queued trials.
 */
export function waitsOf(
  sweep: Omit<QueuedSweep, 'waits'>,
  counts: QueueCounts,
  workers: readonly WorkerOffer[],
): WaitGroup[] {
  const groups: WaitGroup[] = [];
  const add = (reason: WaitReason, trials: number, detail: string | null = null): void => {
    if (trials > 0) groups.push({ reason, trials, detail });
  };
  add('trials', counts.dependent);
  add('paused', counts.paused, 'each by itself');
  const seconds = Math.max(0, Math.ceil(counts.nextTrySeconds ?? 0));
  add('backoff', counts.backoff, `the next in ${String(seconds)} s`);
  const ready = counts.fresh + counts.begun;
  if (sweep.paused !== null) {
    add('paused', ready, 'with their sweep');
    return groups;
  }
  const { budgetSeconds, budgetTrials, usedSeconds, started, maxRunning, running } = sweep;
  if (budgetSeconds !== null && usedSeconds >= budgetSeconds) {
    add('budget', ready, `${hours(usedSeconds)} of ${hours(budgetSeconds)} device hours are used`);
    return groups;
  }
  const within = Math.min(counts.fresh, Math.max(0, (budgetTrials ?? Infinity) - started));
  add('budget', counts.fresh - within, `${String(started)} of ${String(budgetTrials)} trials were started`);
  const allowed = counts.begun + within;
  const lacking = lackingWorker(sweep.requires, workers);
  if (lacking !== undefined) {
    add('worker', allowed, lacking);
    return groups;
  }
  const room = Math.min(allowed, Math.max(0, (maxRunning ?? Infinity) - running));
  add('limit', allowed - room, `${String(maxRunning)} at once`);
  add('slot', room);
  return groups;
}

function hours(seconds: number): string {
  return String(Number((seconds / 3600).toFixed(2)));
}
