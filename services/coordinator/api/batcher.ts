/** How calls are put together. */
export interface BatcherLimits {
  /** Calls of one batch at most. */
  readonly size: number;
  /** Batches that are worked on at once. */
  readonly atOnce: number;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Does the work of calls that come at about the same time together: a lone call begins at once, and what comes while
 * batches are being worked on becomes the next one. So a batch grows with the load, and nobody waits for company.
 */
export class Batcher<Item, Answer> {
  readonly #waiting: Waiting<Item, Answer>[] = [];
  #running = 0;
  #scheduled = false;

  /** @param work answers a batch, one answer for each item in their order; when it throws, all its calls do */
  constructor(
    private readonly work: (items: readonly Item[]) => Promise<readonly Answer[]>,
    private readonly limits: BatcherLimits,
  ) {}

  call(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** What one read of the socket brought travels together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#waiting.length > 0 && this.#running < this.limits.atOnce) void this.#runOne();
    });
  }

  async #runOne(): Promise<void> {
    const batch = this.#waiting.splice(0, this.limits.size);
    this.#running += 1;
    try {
      const answers = await this.work(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(new Error('a call of a batch got no answer'));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#running -= 1;
      if (this.#waiting.length > 0) this.#schedule();
    }
  }
}
