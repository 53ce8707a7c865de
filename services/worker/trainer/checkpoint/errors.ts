import { SigmasweepError } from '../../../shared/errors.js';

/**
 * Why a checkpoint cannot be used:
 * - `CHECKPOINT_TORN`: the file is not the whole of what was once written;
 * - `CHECKPOINT_VERSION`: it is of a form that this version does not read, or no checkpoint at all;
 * - `CHECKPOINT_TOO_LARGE`: it is larger than allowed;
 * - `CHECKPOINT_MISMATCH`: it is of another training, or holds other names or shapes than are wanted.
 */
export type CheckpointErrorCode =
  'CHECKPOINT_TORN' | 'CHECKPOINT_VERSION' | 'CHECKPOINT_TOO_LARGE' | 'CHECKPOINT_MISMATCH';

/** A checkpoint that cannot be used. */
export class CheckpointError extends SigmasweepError {
  constructor(code: CheckpointErrorCode, message: string, hint?: string) {
    super(code, message, hint === undefined ? {} : { hint });
  }
}
