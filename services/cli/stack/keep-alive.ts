import { setTimeout as delay } from 'node:timers/promises';
import { SigmasweepError } from '../../shared/errors.js';
import type { Supervised } from './supervise.js';

/** How often and how fast a part that ends is started again. */
export interface RestartPolicy {
  readonly firstDelayMs: number;
  /** The delay doubles with each failure in a row, up to this. */
  readonly longestDelayMs: number;
  /** Failures in a row after which nothing is tried any more. */
  readonly failures: number;
  /** A part that ran this long counts as healthy: its failures are forgotten. */
  readonly healthyAfterMs: number;
}

const usualPolicy: RestartPolicy = {
  firstDelayMs: 500,
  longestDelayMs: 30_000,
  failures: 6,
  healthyAfterMs: 120_000,
};

/** How long to wait before the nth try in a row, counted from 1. */
export function restartDelay(failures: number, policy: RestartPolicy): number {
  return Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** (failures - 1));
}

/** Parts that are watched, and the end of the watching. */
export interface KeptAlive {
  /** Resolves when a part cannot be kept running; never rejects. */
  readonly broken: Promise<SigmasweepError>;
  end(): void;
}

/**
 * Watches the parts of a stack and starts again what ends.
 * @param repair starts what is missing and returns all parts; undefined when the stack is no longer wanted
 * @param note tells the person
 */
export function keepAlive(
  parts: readonly Supervised[],
  repair: () => Promise<readonly Supervised[] | undefined>,
  note: (line: string) => void,
  policy: RestartPolicy = usualPolicy,
): KeptAlive {
  /** The process that now stands for each part. */
  const current = new Map<string, number>();
  const failures = new Map<string, { count: number; at: number }>();
  let ended = false;
  let repairing: Promise<void> = Promise.resolve();
  let breakDown: (error: SigmasweepError) => void = () => undefined;
  const broken = new Promise<SigmasweepError>((resolve) => {
    breakDown = (error) => {
      ended = true;
      resolve(error);
    };
  });

  const watch = (part: Supervised) => {
    const { pid } = part.identity;
    if (current.get(part.name) === pid) return;
    current.set(part.name, pid);
    void part.failure.then((error) => {
      // One repair at a time. It starts everything that is missing, so the next one may find its part replaced already.
      repairing = repairing.then(() => {
        if (current.get(part.name) === pid) return onFailure(part.name, error);
        if (!ended) note(`${part.name} had ended as well, and runs again.`);
        return undefined;
      });
    });
  };

  const onFailure = async (name: string, error: SigmasweepError): Promise<void> => {
    let last: unknown = error;
    for (;;) {
      if (ended) return;
      const before = failures.get(name);
      const recent = before !== undefined && performance.now() - before.at < policy.healthyAfterMs;
      const count = (recent ? before.count : 0) + 1;
      failures.set(name, { count, at: performance.now() });
      if (count > policy.failures) {
        breakDown(gaveUp(name, last));
        return;
      }
      note(`${error.message}\nStarting ${name} again …`);
      await delay(restartDelay(count, policy));
      if (isEnded()) return;
      try {
        const now = await repair();
        if (now === undefined) breakDown(notWanted());
        else for (const part of now) watch(part);
        return;
      } catch (failed) {
        last = failed;
      }
    }
  };
  const isEnded = () => ended;

  for (const part of parts) watch(part);
  return { broken, end: () => (ended = true) };
}

function gaveUp(name: string, cause: unknown): SigmasweepError {
  const last = cause instanceof Error ? cause.message : String(cause);
  return new SigmasweepError('STACK_BROKEN', `${name} ended again and again and is not started any more. ${last}`, {
    hint: 'The same command goes on with the sweep; `sigmasweep doctor` shows what this machine lacks.',
    cause,
  });
}

function notWanted(): SigmasweepError {
  return new SigmasweepError('STACK_STOPPED', 'The stack was stopped by another command (`sigmasweep down`).', {
    hint: 'The same command goes on with the sweep.',
  });
}
