import { setTimeout as delay } from 'node:timers/promises';

/** How long a condition may take, and what it is, for the error of one that never holds. */
export interface Deadline {
  readonly deadlineMs: number;
  readonly what: string;
  readonly intervalMs?: number;
}

/**
 * Waits until a condition holds. A condition that throws counts as one that does not hold yet, and one that does not come
 * to an end is given up at the deadline.
 * @throws Error that names what was waited for, with the condition's last error as its cause
 */
export async function until(condition: () => boolean | Promise<boolean>, deadline: Deadline): Promise<void> {
  const end = performance.now() + deadline.deadlineMs;
  for (;;) {
    let cause: unknown;
    try {
      if (await endsBy(end, condition())) return;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) {
      throw new Error(`waited ${String(deadline.deadlineMs)} ms in vain for ${deadline.what}`, { cause });
    }
    await delay(deadline.intervalMs ?? 25);
  }
}

async function endsBy(end: number, condition: boolean | Promise<boolean>): Promise<boolean> {
  if (typeof condition === 'boolean') return condition;
  const given = new AbortController();
  const late = delay(Math.max(end - performance.now(), 1), undefined, { signal: given.signal }).then(() => {
    throw new Error('the condition itself did not come to an end');
  });
  try {
    return await Promise.race([condition, late]);
  } finally {
    given.abort();
    late.catch(() => undefined);
  }
}
