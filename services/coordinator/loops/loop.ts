import { metrics } from '../metrics.js';
import type { Logger } from '../../shared/log.js';

/** Work that is done again and again until it is stopped. */
export interface Loop {
  start(): void;
  /** Lets the next pass begin now instead of when its time has come. */
  wake(): void;
  /** Resolves when the running pass has ended; no other one begins. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  readonly name: string;
  readonly logger: Logger;
  /** Longest time between the end of a pass and the next one, in milliseconds. */
  readonly everyMs: number;
  /** One pass. `again` asks for another one at once. The signal is aborted when the loop is stopped, or the pass given up. */
  readonly pass: (signal: AbortSignal, allow: Allow) => Promise<'again' | 'done'>;
}

/**
 * Says how long what a pass does next may take at most, in milliseconds. A pass that takes longer hangs: it is given up,
 * and a new one begins. One that never says so may take any time.
 */
export type Allow = (milliseconds: number) => void;

const firstBackoffMs = 100;
const longestBackoffMs = 5_000;

/** Runs one pass; fails when it takes longer than it has allowed itself. */
async function guarded({ name, pass }: LoopOptions, stopping: AbortSignal): Promise<'again' | 'done'> {
  const own = new AbortController();
  const abort = (): void => own.abort(stopping.reason);
  // Not `AbortSignal.any`: of a signal that lives as long as the process, Node 20 forgets none that was derived from it.
  stopping.addEventListener('abort', abort, { once: true });
  let timer: NodeJS.Timeout | undefined;
  let giveUp: (error: Error) => void = () => undefined;
  const givenUp = new Promise<never>((_resolve, reject) => (giveUp = reject));
  const allow: Allow = (milliseconds) => {
    clearTimeout(timer);
    // A pass that was given up has nothing to say any more.
    if (own.signal.aborted && !stopping.aborted) return;
    timer = setTimeout(() => {
      const error = new Error(`the pass made no progress for ${milliseconds} ms and was given up`);
      metrics.passesGivenUp.inc({ loop: name });
      own.abort(error);
      giveUp(error);
    }, milliseconds);
  };
  try {
    return await Promise.race([pass(own.signal, allow), givenUp]);
  } finally {
    clearTimeout(timer);
    stopping.removeEventListener('abort', abort);
  }
}

/**
 * Runs passes one after the other. A pass that throws (PostgreSQL or NATS is away) is logged and repeated after a pause
 * that grows from 0.1 to 5 seconds; the loop itself never ends by an error.
 */
export function createLoop(options: LoopOptions): Loop {
  const { name, logger, everyMs } = options;
  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  let running: Promise<void> | undefined;
  let endPause: (() => void) | undefined;
  let awake = false;

  const pause = (milliseconds: number, wakeable: boolean): Promise<void> =>
    new Promise((resolve) => {
      if (isStopping() || (wakeable && awake)) {
        resolve();
        return;
      }
      const end = (): void => {
        clearTimeout(timer);
        stopping.signal.removeEventListener('abort', end);
        endPause = undefined;
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      stopping.signal.addEventListener('abort', end, { once: true });
      if (wakeable) endPause = end;
    });

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!isStopping()) {
      awake = false;
      try {
        const next = await guarded(options, stopping.signal);
        if (failures > 0) logger.info({ loop: name, failures }, 'works again');
        failures = 0;
        if (next === 'done') await pause(everyMs, true);
      } catch (error) {
        if (isStopping()) return;
        failures += 1;
        metrics.loopFailures.inc({ loop: name });
        const waitMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(failures - 1, 10));
        logger.warn({ loop: name, failures, waitMs, err: error }, `${name}: a pass failed and will be repeated`);
        // Several coordinators whose database comes back do not all ask at the same moment.
        await pause(waitMs * (0.5 + Math.random() / 2), false);
      }
    }
  };

  return {
    start: () => {
      running ??= run();
    },
    wake: () => {
      awake = true;
      endPause?.();
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
