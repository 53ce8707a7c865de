import { SigmasweepError } from '../../shared/errors.js';
import type { Lane } from './handler.js';

/**
 * Commands at once in each lane; together they leave connections of the pool to the loops. Claims are many because a
 * batch of them shares one connection.
 */
const widths: Readonly<Record<Lane, number>> = { claim: 512, write: 2, read: 2 };
/** Requests that wait in a lane at most. */
const queueLength = 2000;
/** A request that waited longer is dropped: its sender has given up, in milliseconds. */
const patienceMs = 10_000;

interface Waiting {
  readonly since: number;
  readonly enter: () => void;
  readonly refuse: () => void;
}

function busy(lane: Lane): SigmasweepError {
  return new SigmasweepError('BUSY', `The coordinator has too many requests to ${lane} at the moment.`, {
    hint: 'Try again in a few seconds.',
  });
}

/** Limits how many commands run at once, so that a burst of requests does not use up the database's connections. */
export class Lanes {
  readonly #running: Record<Lane, number> = { claim: 0, write: 0, read: 0 };
  readonly #waiting: Record<Lane, Waiting[]> = { claim: [], write: [], read: [] };

  /** Runs the work when there is room in its lane. @throws SigmasweepError BUSY when there is none for too long */
  async run<Result>(lane: Lane, work: () => Promise<Result>): Promise<Result> {
    if (this.#running[lane] >= widths[lane]) await this.#wait(lane);
    else this.#running[lane] += 1;
    try {
      return await work();
    } finally {
      this.#leave(lane);
    }
  }

  #wait(lane: Lane): Promise<void> {
    const queue = this.#waiting[lane];
    if (queue.length >= queueLength) return Promise.reject(busy(lane));
    return new Promise((enter, reject) => {
      queue.push({ since: performance.now(), enter, refuse: () => reject(busy(lane)) });
    });
  }

  /** Hands the place on to the first one that still waits for an answer. */
  #leave(lane: Lane): void {
    for (let next = this.#waiting[lane].shift(); next !== undefined; next = this.#waiting[lane].shift()) {
      if (performance.now() - next.since <= patienceMs) {
        next.enter();
        return;
      }
      next.refuse();
    }
    this.#running[lane] -= 1;
  }
}
