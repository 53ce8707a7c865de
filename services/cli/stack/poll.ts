import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again and again until the answer is not `undefined`, or the time is up.
 * @param ask called every `intervalMs`; what it throws ends the waiting
 * @returns the answer, or undefined when `deadlineMs` have passed
 */
export async function poll<Answer>(
  ask: () => Promise<Answer | undefined> | Answer | undefined,
  { deadlineMs, intervalMs = 20 }: { deadlineMs: number; intervalMs?: number },
): Promise<Answer | undefined> {
  // A monotonic clock: setting the machine's time must neither end nor prolong the waiting.
  const end = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() >= end) return undefined;
    await delay(intervalMs);
  }
}
