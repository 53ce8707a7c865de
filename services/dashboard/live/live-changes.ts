/** Who is told, and when the telling is over. */
export interface LiveListener {
  readonly changed: () => void;
  readonly closed: () => void;
}

export interface LiveOptions {
  /** Changes closer together than this become one, in milliseconds. */
  readonly minGap: number;
  /** The same for pages that take long to make, at the most. */
  readonly maxGap?: number;
  /** Without a notice for this long the database is asked, in milliseconds. */
  readonly pollEvery: number;
}

/** Every listener of one page shares its timers and its question to the database. */
interface Topic {
  readonly listeners: Set<LiveListener>;
  fingerprint: string | undefined;
  lastTold: number;
  /** Milliseconds that the slowest part of its pages took to make. */
  cost: number;
  telling: NodeJS.Timeout | undefined;
  polling: NodeJS.Timeout | undefined;
}

/** The topic of pages that show every sweep. */
export const everySweep = '*';

/** Making the parts of a page anew takes no more than one in so many moments of this process. */
const costShare = 2;

/**
 * Turns notices of changes into at most one telling per `minGap` for each page, and looks for itself when no notice
 * comes: notices can be lost, and workers come and go without any.
 */
export class LiveChanges {
  readonly #topics = new Map<string, Topic>();
  readonly #fingerprint: (topic: string) => Promise<string>;
  readonly #options: LiveOptions;
  readonly #versions = new Map<string, number>();
  #closed = false;

  /** @param fingerprint a text for a topic (a sweep's id or `everySweep`) that differs when what it shows has changed */
  constructor(
    fingerprint: (topic: string) => Promise<string>,
    options: LiveOptions = { minGap: 150, maxGap: 2000, pollEvery: 5000 },
  ) {
    this.#fingerprint = fingerprint;
    this.#options = options;
  }

  /** Starts telling a listener; the returned function ends it. */
  watch(topicName: string, listener: LiveListener): () => void {
    if (this.#closed) {
      listener.closed();
      return () => undefined;
    }
    let topic = this.#topics.get(topicName);
    if (topic === undefined) {
      topic = {
        listeners: new Set(),
        fingerprint: undefined,
        lastTold: 0,
        cost: 0,
        telling: undefined,
        polling: undefined,
      };
      this.#topics.set(topicName, topic);
      this.#pollLater(topicName, topic);
    }
    const watched = topic;
    watched.listeners.add(listener);
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size === 0 && this.#topics.get(topicName) === watched) {
        clearTimeout(watched.telling);
        clearTimeout(watched.polling);
        this.#topics.delete(topicName);
      }
    };
  }

  /** A sweep changed: its own page and the pages of all sweeps are told. */
  notice(sweepId: string): void {
    for (const name of [sweepId, everySweep]) {
      this.#versions.set(name, this.version(name) + 1);
      const topic = this.#topics.get(name);
      if (topic !== undefined) this.#tellSoon(name, topic);
    }
  }

  /** Another number after each change of a topic that this has heard of. */
  version(topicName: string): number {
    return this.#versions.get(topicName) ?? 0;
  }

  /**
   * A part of a topic's pages took so long to make, in milliseconds: pages that cost much are made less often. The
   * slowest part counts, and is forgotten slowly.
   */
  took(topicName: string, milliseconds: number): void {
    const topic = this.#topics.get(topicName);
    if (topic !== undefined) topic.cost = Math.max(milliseconds, topic.cost * 0.9);
  }

  /** Ends every listener, for the shutdown. */
  close(): void {
    this.#closed = true;
    for (const topic of this.#topics.values()) {
      clearTimeout(topic.telling);
      clearTimeout(topic.polling);
      for (const listener of [...topic.listeners]) listener.closed();
    }
    this.#topics.clear();
  }

  #tellSoon(name: string, topic: Topic): void {
    if (topic.telling !== undefined) return;
    const { minGap, maxGap = minGap } = this.#options;
    const gap = Math.min(maxGap, Math.max(minGap, costShare * topic.cost));
    const wait = Math.max(0, topic.lastTold + gap - Date.now());
    topic.telling = setTimeout(() => {
      topic.telling = undefined;
      topic.lastTold = Date.now();
      for (const listener of [...topic.listeners]) listener.changed();
      this.#pollLater(name, topic);
    }, wait);
  }

  #pollLater(name: string, topic: Topic): void {
    clearTimeout(topic.polling);
    topic.polling = setTimeout(() => {
      void this.#poll(name, topic);
    }, this.#options.pollEvery);
  }

  async #poll(name: string, topic: Topic): Promise<void> {
    const fingerprint = await this.#fingerprint(name).catch(() => topic.fingerprint);
    if (this.#topics.get(name) !== topic) return;
    const changed = fingerprint !== topic.fingerprint;
    topic.fingerprint = fingerprint;
    if (changed) {
      this.#versions.set(name, this.version(name) + 1);
      this.#tellSoon(name, topic);
    } else this.#pollLater(name, topic);
  }
}
