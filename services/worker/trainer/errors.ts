import { SigmasweepError } from '../../shared/errors.js';

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
 * configuration or the data and would come again; anything else (memory, a lost device) might not.
 */
export function isRetryable(error: unknown): boolean {
  return !(error instanceof SigmasweepError);
}
