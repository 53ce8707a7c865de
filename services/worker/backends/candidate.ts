import type { BackendRequest } from '../../shared/trial-config.js';

export type BackendName = Exclude<BackendRequest, 'auto'>;

/** What is known of a backend that was opened and has computed something. */
export interface UsableBackend {
  /** Processor or GPU, in words. */
  readonly device: string;
  /** The GPU's driver, with its version where it tells one; undefined on a processor. */
  readonly driver: string | undefined;
  /** Memory of the device, bytes: a GPU's own, or what this process may use of the machine's; undefined where unknown. */
  readonly memoryBytes: number | undefined;
  /** Threads that one computation uses; undefined where that is not ours to say (GPUs). */
  readonly threads: number | undefined;
  /** Version of the engine that computes. */
  readonly tensorflowVersion: string;
  /**
   * Aborted, with a DeviceFailure as its reason, when the device can compute no more: results after that are wrong or
   * do not come. Undefined where the engine throws at the operation that failed.
   */
  readonly failure: AbortSignal | undefined;
}

/** One rung of the ladder. */
export interface BackendCandidate {
  readonly name: BackendName;
  /** Whether `auto` may choose it; the others are opened only when asked for by name. */
  readonly automatic: boolean;
  /** Half a sentence for people: what it is. */
  readonly description: string;
  /**
   * Makes it TensorFlow.js's current backend and checks it by computing.
   * @param threads that native TensorFlow was limited to by this process's environment; it does not tell them
   * @throws BackendUnusable when it cannot be used on this machine; nothing of it is left registered then
   */
  open(threads: number): Promise<UsableBackend>;
}

/** Why a backend cannot be used here, and what would change that. */
export class BackendUnusable extends Error {
  constructor(
    readonly why: string,
    readonly hint: string,
    cause?: unknown,
  ) {
    super(why, cause === undefined ? undefined : { cause });
    this.name = 'BackendUnusable';
  }
}
