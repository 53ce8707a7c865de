/** So many at once, and so many a second from then on. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Limits of one client address, and of all together. */
export interface AccessLimits {
  /** Wrong secrets. */
  readonly login: Rate;
  /** Wrong secrets of all addresses together: many addresses can be one attacker. */
  readonly allLogins: Rate;
  /** Requests that change something. */
  readonly changes: Rate;
  /** Checks of a spec, one for each pause in typing. */
  readonly checks: Rate;
  /** Event streams at once of one address, and of all. */
  readonly streams: number;
  readonly allStreams: number;
  /** A stream ends after so long and is opened again by its page, in milliseconds. */
  readonly streamLife: number;
}

export const usualLimits: AccessLimits = {
  login: { burst: 10, perSecond: 1 / 60 },
  allLogins: { burst: 200, perSecond: 1 / 3 },
  changes: { burst: 100, perSecond: 2 },
  checks: { burst: 30, perSecond: 5 },
  streams: 200,
  allStreams: 1000,
  streamLife: 3_600_000,
};

/** Addresses that are remembered: those that have not been full for the longest are forgotten first. */
const mostBuckets = 10_000;

/** Token buckets by key, in bounded memory. */
export class RateLimiter {
  readonly #buckets = new Map<string, { left: number; at: number }>();

  /** @param now seconds that only grow */
  constructor(
    private readonly rate: Rate,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {}

  /** Seconds until the next one is allowed; 0 when it is allowed now. */
  wait(key: string): number {
    const left = this.#left(key);
    return left >= 1 ? 0 : Math.ceil((1 - left) / this.rate.perSecond);
  }

  /** Counts one. */
  take(key: string): void {
    const left = this.#left(key);
    this.#buckets.delete(key);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= mostBuckets && oldest !== undefined) this.#buckets.delete(oldest);
    this.#buckets.set(key, { left: Math.max(0, left - 1), at: this.now() });
  }

  #left(key: string): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return this.rate.burst;
    return Math.min(this.rate.burst, bucket.left + (this.now() - bucket.at) * this.rate.perSecond);
  }
}

/** Counts what is open at the same time, by key and in all. */
export class OpenCount {
  readonly #open = new Map<string, number>();
  #all = 0;

  constructor(
    private readonly most: number,
    private readonly mostOfAll: number,
  ) {}

  /** What closes it again; undefined when there are too many. */
  open(key: string): (() => void) | undefined {
    const count = this.#open.get(key) ?? 0;
    if (count >= this.most || this.#all >= this.mostOfAll) return undefined;
    this.#open.set(key, count + 1);
    this.#all += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#all -= 1;
      const left = (this.#open.get(key) ?? 1) - 1;
      if (left === 0) this.#open.delete(key);
      else this.#open.set(key, left);
    };
  }
}
