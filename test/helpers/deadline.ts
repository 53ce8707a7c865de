import { setTimeout as delay } from 'node:timers/promises';

/** How long a condition may take, and what it is, for the error of one that never holds. */
export interface Deadline {
  readonly deadlineMs: number;
  readonly what: string;
  readonly intervalMs?: number;
}

/**
 * Waits until a condition holds. A condition that throws counts as one that does not hold yet.
 * @throws Error that names what was waited for, with the condition's last error as its cause
 */
export async function until(condition: () => boolean | Promise<boolean>, deadline: Deadline): Promise<void> {
  const end = performance.now() + deadline.deadlineMs;
  for (;;) {
    let cause: unknown;
    try {
      if (await condition()) return;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) {
      throw new Error(`waited ${String(deadline.deadlineMs)} ms in vain for ${deadline.what}`, { cause });
    }
    await delay(deadline.intervalMs ?? 25);
  }
}
