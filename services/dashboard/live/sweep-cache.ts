/** Sweeps of which something is kept: those that people look at. */
const mostSweeps = 16;

/**
 * Something that is made from a sweep, such as its charts, and made again only when what it is made from has changed:
 * every page that is open asks for it after each change, and twice when it is opened.
 */
export class SweepCache<Value> {
  /** In the order in which they were last asked for. */
  private readonly kept = new Map<string, { readonly mark: string; readonly made: Promise<Value> }>();

  /**
   * @param mark differs when what it is made from has changed
   * @param make called at most once for a mark, however many ask at the same time
   */
  async read(sweepId: string, mark: string, make: () => Promise<Value>): Promise<Value> {
    const before = this.kept.get(sweepId);
    this.kept.delete(sweepId);
    const entry = before?.mark === mark ? before : { mark, made: make() };
    this.kept.set(sweepId, entry);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= mostSweeps) break;
      this.kept.delete(oldest);
    }
    try {
      return await entry.made;
    } catch (error) {
      // The next one tries again.
      if (this.kept.get(sweepId) === entry) this.kept.delete(sweepId);
      throw error;
    }
  }
}
