/** What decides how many trials a worker trains at once. */
export interface SlotFacts {
  /** `SIGMASWEEP_SLOTS`; 0 = as many as fit. */
  readonly requested: number;
  /** Processor cores this worker may use. */
  readonly cores: number;
  /** Memory this worker may still take, bytes. */
  readonly freeBytes: number;
  /** Threads that one trainer computes with; undefined where it computes on a GPU. */
  readonly threads: number | undefined;
}

export interface SlotDecision {
  readonly slots: number;
  /** Why so many, for the log. */
  readonly reason: string;
}

/** What a trainer of the examples' size takes on wasm, with its data, and some room. */
const bytesPerSlot = 600 * 1024 ** 2;

/**
 * How many trials fit. A CPU backend gets as many slots as its threads fit into the cores, so that slots × threads never
 * exceed them: wasm has one thread and fills the machine with trials, native TensorFlow fills it with one. A GPU gets
 * one trial: TensorFlow takes its memory whole.
 * @returns at least 1 slot
 */
export function decideSlots({ requested, cores, freeBytes, threads }: SlotFacts): SlotDecision {
  if (requested > 0) return { slots: requested, reason: 'asked for' };
  if (threads === undefined) return { slots: 1, reason: 'one trial a GPU' };
  const byCores = Math.max(1, Math.floor(cores / threads));
  const byMemory = Math.max(1, Math.floor(freeBytes / bytesPerSlot));
  const gibibytes = (freeBytes / 1024 ** 3).toFixed(1);
  return byMemory < byCores
    ? { slots: byMemory, reason: `${gibibytes} GiB of free memory` }
    : { slots: byCores, reason: `${cores} cores, ${threads} threads a trial` };
}

/**
 * Settings for a trainer process that keep native TensorFlow, which takes every core it sees, to its slot's share of
 * them. With as many slots as fit it has all: there is one slot then, or the backend has one thread.
 */
export function threadLimits(requested: number, cores: number): Readonly<Record<string, string>> {
  const threads = String(Math.max(1, Math.floor(cores / Math.max(1, requested))));
  return { TF_NUM_INTRAOP_THREADS: threads, TF_NUM_INTEROP_THREADS: '1', OMP_NUM_THREADS: threads };
}
