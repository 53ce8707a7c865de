import { SigmasweepError } from '../../shared/errors.js';

/** The device that a trial was trained on can compute no more; the process that holds it must end. */
export class DeviceFailure extends SigmasweepError {
  /** @param retryable whether another attempt, in a new process, could end differently */
  constructor(
    code: 'OUT_OF_MEMORY' | 'WASM_TRAP' | 'GPU_OUT_OF_MEMORY' | 'GPU_BUFFER_TOO_LARGE' | 'GPU_LOST' | 'GPU_REFUSED',
    message: string,
    readonly retryable: boolean,
    hint: string,
  ) {
    super(code, message, { hint });
  }
}
