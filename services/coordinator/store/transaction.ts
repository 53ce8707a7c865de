import type { Database, Queryable } from '../../shared/db/connect.js';
import { transact } from '../../shared/db/transact.js';
import { isDeadlock } from './sql-state.js';

/** Transactions that lock the same rows in opposite orders meet rarely; the server ends one of them. */
const tries = 4;

/**
 * Runs statements in one transaction at the level READ COMMITTED: each statement sees what was committed before it, so
 * that the one after a lock sees what the lock's former holder wrote. One that the server ended because of a deadlock
 * has done nothing, and is run again.
 * @param opening statements without values that travel with the beginning
 */
export async function inTransaction<Result>(
  database: Database,
  work: (transaction: Queryable) => Promise<Result>,
  opening?: string,
): Promise<Result> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await transact(database, work, opening);
    } catch (error) {
      if (left === 0 || !isDeadlock(error)) throw error;
    }
  }
}
