import { setImmediate } from 'node:timers/promises';
import type { FromTrainer } from '../trainer-protocol.js';

/** Raised inside the training loop when the agent wants the trial stopped. */
export class StopRequested extends Error {}

/**
 * Lets the event loop run between steps, so that messages come in and go out, and says how far training is.
 * Progress is a sign of life, so it goes out by the clock and not by the step.
 */
export class Pace {
  step = 0;
  private saidAt = -Infinity;

  constructor(
    private readonly steps: number,
    private readonly say: (message: FromTrainer) => void,
    private readonly signal: AbortSignal,
    private readonly deviceFailure?: AbortSignal,
    private readonly everyMilliseconds = 1000,
  ) {}

  /** @throws StopRequested; DeviceFailure when the device has failed */
  readonly pause = async (): Promise<void> => {
    const now = performance.now();
    if (now - this.saidAt >= this.everyMilliseconds) {
      this.saidAt = now;
      this.say({ type: 'progress', step: this.step, steps: this.steps });
    }
    await setImmediate();
    if (this.signal.aborted) throw new StopRequested();
    this.deviceFailure?.throwIfAborted();
  };
}
