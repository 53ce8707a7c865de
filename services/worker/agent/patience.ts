import { pause } from './pause.js';

/** Pause after a refusal: from, to, in milliseconds. */
const pauses = { first: 100, longest: 3000 } as const;

/**
 * How often a worker asks for trials while all that is queued needs another one: at intervals that grow, for all of its
 * slots together. Else the announcements of a sweep that it cannot train would go round between idle workers all day.
 */
export class Patience {
  private pauseMs = 0;
  private until = 0;

  /** @param now a clock that only goes forwards, milliseconds */
  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly sleep: typeof pause = pause,
  ) {}

  /** What is queued is for others. Further slots that had asked already say nothing new. */
  refused(): void {
    if (this.now() < this.until) return;
    this.pauseMs = Math.min(pauses.longest, Math.max(pauses.first, this.pauseMs * 2));
    this.until = this.now() + this.pauseMs;
  }

  granted(): void {
    this.pauseMs = 0;
    this.until = 0;
  }

  /** Waits until it is time to ask again. */
  async wait(signal: AbortSignal): Promise<void> {
    for (let left = this.until - this.now(); left > 0 && !signal.aborted; left = this.until - this.now()) {
      await this.sleep(left, signal);
    }
  }
}
