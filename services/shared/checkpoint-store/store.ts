/** An object of the store. */
export interface StoredObject {
  readonly name: string;
  readonly writtenAt: Date;
}

/**
 * Where checkpoints lie between attempts. Nothing is ever overwritten: whoever writes chooses a name that was never used.
 * Workers write and read; only the coordinator deletes, so that a worker that lost its trial can do no harm.
 */
export interface CheckpointStore {
  /**
   * Makes the store, or brings its limits up to date; the coordinator's to do.
   * @throws SigmasweepError CHECKPOINTS_UNAVAILABLE
   */
  ensure(): Promise<void>;
  /**
   * Stores a file under a name.
   * @throws when it is not stored as a whole: nothing of it is there then, or a part that `list` shows
   */
  put(name: string, file: string): Promise<void>;
  /**
   * Fetches an object into a file, which is not there before; whoever fetches checks its checksum.
   * @param bytes that it must have
   * @throws when it is not there or cannot be read as a whole
   */
  get(name: string, file: string, bytes: number): Promise<void>;
  /** Deletes objects; one that is not there is no error. */
  delete(names: readonly string[]): Promise<void>;
  list(): Promise<StoredObject[]>;
}
