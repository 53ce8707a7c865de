import type { ReportBacklog } from '../../shared/nats/streams.js';

/** What was seen of the stream REPORTS after the database's clock showed `databaseTime` (milliseconds of the epoch). */
export interface Observation extends ReportBacklog {
  readonly databaseTime: number;
}

/**
 * Finds out up to which moment of the database's clock every report is recorded. After a restart or an outage reports
 * wait in the stream that extend leases which look expired, so no lease may be ended that ran out after this moment.
 *
 * A moment is noted together with the stream's newest message; once that one is recorded, so is everything that was in
 * the stream at the moment. This works under load as well, when the stream is never seen empty.
 */
export class RecordedUpTo {
  #mark: { databaseTime: number; newest: number } | undefined;
  #known: number | undefined;

  /** @returns the moment, or undefined while none is known */
  observe({ databaseTime, messages, newest, recordedUpTo }: Observation): number | undefined {
    if (messages === 0) {
      this.#known = databaseTime;
      this.#mark = undefined;
      return this.#known;
    }
    // The stream was made anew and counts from 1 again: the mark would never be reached.
    if (this.#mark !== undefined && newest < this.#mark.newest) this.#mark = undefined;
    if (this.#mark !== undefined && recordedUpTo >= this.#mark.newest) {
      this.#known = this.#mark.databaseTime;
      this.#mark = undefined;
    }
    this.#mark ??= { databaseTime, newest };
    return this.#known;
  }
}
