import { SigmasweepError } from '../../../shared/errors.js';
import type { BrokenRecord } from '../workload.js';

/** What can be wrong with a file of a data set; the error's code is made from it. */
export type FileFault =
  | 'MISSING'
  | 'OUTSIDE'
  | 'EMPTY'
  | 'TRUNCATED'
  | 'FORMAT'
  | 'DTYPE'
  | 'ORDER'
  | 'SHAPE'
  | 'VALUE'
  | 'DEPTH'
  | 'PALETTE';

/** A file of a data set that cannot be used; its sample can be left out. */
export class BrokenFile extends SigmasweepError {
  /**
   * @param file path under the data set's folder
   * @param found what is wrong, as a continuation of "<file> …"
   * @param hint what to do about it
   */
  constructor(
    fault: FileFault,
    readonly file: string,
    found: string,
    hint?: string,
  ) {
    super(`DATA_FILE_${fault}`, `${file} ${found}`, hint === undefined ? {} : { hint });
  }

  record(): BrokenRecord {
    const { code, file, message, hint } = this;
    return { code, file, message, ...(hint === undefined ? {} : { hint }) };
  }
}
