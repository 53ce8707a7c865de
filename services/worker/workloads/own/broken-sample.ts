import { BrokenFile } from '../files/broken-file.js';

/** Thrown by a workload for a sample that cannot be used. */
export class BrokenSample extends BrokenFile {
  /**
   * @param what it is, such as the path of its file or the number of its row
   * @param found what is wrong with it, as a continuation of "<what> …"
   */
  constructor(what: string, found: string) {
    super('VALUE', what, found);
  }
}
