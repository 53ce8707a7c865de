import type { Database, Queryable } from '../../shared/db/connect.js';
import { isDeadlock } from './sql-state.js';

/** Longer than any statement here takes on a busy machine; a connection that hangs is given up after it. */
const usualTimeoutMs = 60_000;

/** Transactions that lock the same rows in opposite orders meet rarely; the server ends one of them. */
const tries = 4;

/**
 * Runs statements in one transaction at the level READ COMMITTED: each statement sees what was committed before it, so
 * that the one after a lock sees what the lock's former holder wrote. One that the server ended because of a deadlock
 * has done nothing, and is run again.
 */
export async function inTransaction<Result>(
  database: Database,
  work: (transaction: Queryable) => Promise<Result>,
  timeoutMs = usualTimeoutMs,
): Promise<Result> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await database.$transaction(work, {
        timeout: timeoutMs,
        maxWait: 10_000,
        isolationLevel: 'ReadCommitted',
      });
    } catch (error) {
      if (left === 0 || !isDeadlock(error)) throw error;
    }
  }
}
