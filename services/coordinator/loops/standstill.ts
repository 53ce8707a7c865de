import type { ReportBacklog } from '../../shared/nats/streams.js';

/** Reports that wait, and for how long none has been recorded although some waited, in milliseconds. */
export interface Standstill {
  readonly messages: number;
  readonly forMs: number;
}

/**
 * Finds out whether anything of the stream of reports is recorded, from looks at it that may be any time apart. What
 * leaves the stream is recorded, by whichever coordinator.
 */
export class StandstillCheck {
  #since: { readonly atMs: number; readonly gone: number } | undefined;

  /** @param atMs a clock that only goes forwards */
  observe(atMs: number, { messages, newest }: ReportBacklog): Standstill {
    const gone = newest - messages;
    if (messages === 0) this.#since = undefined;
    else if (this.#since?.gone !== gone) this.#since = { atMs, gone };
    return { messages, forMs: atMs - (this.#since?.atMs ?? atMs) };
  }
}

/** A recorder that is at work has recorded something by then, also one of a machine that is busy, in milliseconds. */
const patienceMs = 30_000;

/** @returns what is wrong, for people; undefined when reports are recorded */
export function standstillFault({ messages, forMs }: Standstill): string | undefined {
  if (forMs < patienceMs) return undefined;
  return `${messages} reports wait, and none has been recorded for ${Math.round(forMs / 1000)} s`;
}
