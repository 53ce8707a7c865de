import { errorRecord } from '../../../shared/errors.js';
import type { Logger } from '../../../shared/log.js';
import { pause } from '../pause.js';
import type { ReadyTrainer, TrainerSource } from './trainer.js';
import type { TrainerProcess } from './trainer-process.js';

const firstWaitMs = 500;
const longestWaitMs = 30_000;

/** Keeps one trainer process for one slot: the same as long as it lives, then a new one. */
export class TrainerSupply implements TrainerSource {
  private current: TrainerProcess | undefined;
  private failures = 0;

  /** @param first a trainer that was started already */
  constructor(
    private readonly start: () => TrainerProcess,
    private readonly logger: Logger,
    first?: TrainerProcess,
  ) {
    this.current = first;
  }

  /**
   * The slot's trainer, once it is ready. One that cannot be started is started again, after longer and longer waits.
   * @returns undefined when the signal was aborted
   */
  async take(signal: AbortSignal): Promise<ReadyTrainer | undefined> {
    while (!signal.aborted) {
      if (this.current === undefined || this.current.isGone) this.current = this.start();
      const trainer = this.current;
      try {
        const facts = await trainer.ready;
        if (trainer.isGone) continue;
        this.failures = 0;
        return { trainer, facts };
      } catch (error) {
        const waitMs = Math.min(firstWaitMs * 2 ** this.failures, longestWaitMs);
        this.failures += 1;
        const { code, message } = errorRecord(error);
        this.logger.error({ code, failures: this.failures }, `${message}; the next try is in ${waitMs / 1000} s`);
        // One that said why it is of no use is ending by itself.
        await trainer.close(firstWaitMs);
        await pause(waitMs, signal);
      }
    }
    return undefined;
  }

  async close(graceMs: number): Promise<void> {
    await this.current?.close(graceMs);
  }
}
