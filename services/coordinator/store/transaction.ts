import type { Database, Queryable } from '../../shared/db/connect.js';

/** Longer than any statement here takes on a busy machine; a connection that hangs is given up after it. */
const timeoutMs = 60_000;

/**
 * Runs statements in one transaction at the level READ COMMITTED: each statement sees what was committed before it, so
 * that the one after a lock sees what the lock's former holder wrote.
 */
export function inTransaction<Result>(
  database: Database,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  return database.$transaction(work, { timeout: timeoutMs, maxWait: 10_000, isolationLevel: 'ReadCommitted' });
}
