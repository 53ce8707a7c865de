/** Sweeps whose charts are kept: those that people look at. */
const mostSweeps = 16;

/**
 * The charts of a sweep as text, made again only when the sweep has changed: every page that is open asks for them after
 * each change, and twice when it is opened.
 */
export class ChartCache {
  /** In the order in which they were last asked for. */
  private readonly kept = new Map<string, { readonly mark: string; readonly made: Promise<string> }>();

  /**
   * @param mark differs when what the charts are made from has changed
   * @param make called at most once for a mark, however many ask at the same time
   */
  async read(sweepId: string, mark: string, make: () => Promise<string>): Promise<string> {
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
