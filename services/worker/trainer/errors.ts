import { setImmediate } from 'node:timers/promises';
import { SigmasweepError } from '../../shared/errors.js';
import { DeviceFailure } from '../backends/device-failure.js';
import { nativeMemoryFailure } from '../backends/native-memory.js';
import { wasmTrap } from '../backends/wasm-memory.js';

/** Training gave numbers that are not finite; another attempt would give them again. */
export class TrainingDiverged extends SigmasweepError {
  /** @param what the quantity that is not finite, for example "the training loss" */
  constructor(what: string, task: string, epoch: number, value: number) {
    super(
      'TRAINING_DIVERGED',
      `In epoch ${epoch} ${what} of task ${task} became ${value}; a finite number was expected`,
      {
        ids: { task, epoch },
        hint: 'Lower the learning rate, or the weight of this task.',
      },
    );
  }
}

/**
 * Whether another attempt at a trial could end differently. Errors that this project raises on purpose tell of the
 * configuration or the data and would come again, but for those of a device; anything else might not.
 */
export function isRetryable(error: unknown): boolean {
  return error instanceof DeviceFailure ? error.retryable : !(error instanceof SigmasweepError);
}

/** Turns of the event loop within which a device tells what became of it; it needs one or two. */
const turnsToTell = 10;

/**
 * What is behind an error of the training loop: a device that fails makes the operations on it throw, or numbers wrong,
 * before it says so itself.
 * @param deviceFailure aborted, with the device's own error as the reason, when the device failed
 */
export async function causeOf(error: unknown, deviceFailure: AbortSignal | undefined): Promise<unknown> {
  if (error instanceof DeviceFailure) return error;
  if (deviceFailure === undefined) return nativeMemoryFailure(error) ?? wasmTrap(error) ?? error;
  for (let turn = 0; turn < turnsToTell && !deviceFailure.aborted; turn += 1) await setImmediate();
  return deviceFailure.aborted ? deviceFailure.reason : error;
}
