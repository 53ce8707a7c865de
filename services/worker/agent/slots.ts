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
  /** All memory of the GPU it computes on, bytes; undefined on a processor, and where a GPU's memory is not known. */
  readonly gpuBytes: number | undefined;
}

export interface SlotDecision {
  readonly slots: number;
  /** Why so many, for the log. */
  readonly reason: string;
}

/** What a trainer of the examples' size takes on wasm, with its data, and some room. */
const bytesPerSlot = 600 * 1024 ** 2;

/**
 * What a trial on a GPU is taken to need: the buffers of the examples' networks several times over, because
 * TensorFlow.js keeps a buffer for every size it ever used, and what the driver holds for each process.
 */
const bytesPerGpuSlot = 4 * 1024 ** 3;
/** Trials on one GPU share its arithmetic units: a few fill the gaps that one leaves, more only take turns. */
const mostGpuSlots = 4;

/**
 * How many trials fit. A CPU backend gets as many slots as its threads fit into the cores, so that slots × threads never
 * exceed them; `threadsOfTrainer` gives native TensorFlow its threads, and wasm has one. A GPU gets as many as its memory
 * surely holds, at most four and at most one a core, and one where its memory is not known.
 * @returns at least 1 slot
 */
export function decideSlots({ requested, cores, freeBytes, threads, gpuBytes }: SlotFacts): SlotDecision {
  if (requested > 0) return { slots: requested, reason: 'asked for' };
  if (threads === undefined) return decideGpuSlots(cores, gpuBytes);
  const byCores = Math.max(1, Math.floor(cores / threads));
  const byMemory = slotsInMemory(freeBytes);
  const gibibytes = (freeBytes / 1024 ** 3).toFixed(1);
  return byMemory < byCores
    ? { slots: byMemory, reason: `${gibibytes} GiB of free memory` }
    : { slots: byCores, reason: `${cores} cores, ${threads} threads a trial` };
}

function slotsInMemory(freeBytes: number): number {
  return Math.max(1, Math.floor(freeBytes / bytesPerSlot));
}

function decideGpuSlots(cores: number, gpuBytes: number | undefined): SlotDecision {
  if (gpuBytes === undefined) return { slots: 1, reason: 'a GPU whose memory is not known' };
  const byMemory = Math.floor(gpuBytes / bytesPerGpuSlot);
  const slots = Math.max(1, Math.min(byMemory, mostGpuSlots, cores));
  return { slots, reason: `a GPU with ${(gpuBytes / 1024 ** 3).toFixed(1)} GiB of memory, ${cores} cores` };
}

/**
 * Threads that native TensorFlow gets in each trainer; wasm has one in any case. A trial with one thread on each core
 * does more steps in the same time than one trial with all threads, because a step of a small network cannot be divided
 * without losses. So there is more than one only where fewer trials than cores
 * were asked for, or fit into memory.
 */
export function threadsOfTrainer({ requested, cores, freeBytes }: Omit<SlotFacts, 'threads' | 'gpuBytes'>): number {
  const slots = requested > 0 ? requested : slotsInMemory(freeBytes);
  return Math.max(1, Math.floor(cores / slots));
}

/**
 * Settings for a trainer process that keep native TensorFlow, which takes every core it sees, to so many threads. On a
 * GPU it takes memory as it needs it, where it would take all for the first trial.
 */
export function threadLimits(threads: number): Readonly<Record<string, string>> {
  return {
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    // Warnings and errors: what it tells of each graph would fill the trials' logs.
    TF_CPP_MIN_LOG_LEVEL: '1',
  };
}
