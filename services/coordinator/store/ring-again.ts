import type { Database } from '../../shared/db/connect.js';
import { inTransaction } from './transaction.js';

/** Key of the lock that lets one coordinator at a time compare outbox and stream: 'ring' in ASCII. */
const lockKey = 0x72696e67;

/**
 * Rings queued trials again whose rings were lost: those last rung longer ago than `olderThanSeconds`, and only when
 * there are more of them than the stream holds rings. While all rings are there, a sweep may wait for days without
 * being announced twice.
 * @param ringsInStream read before this call: a trial claimed in between then lowers the count on the other side
 * @returns how many were rung
 */
export async function ringAgain(database: Database, ringsInStream: number, olderThanSeconds: number): Promise<number> {
  return inTransaction(database, async (transaction) => {
    const [lock] = await transaction.$queryRaw<{ held: boolean }[]>`
      SELECT pg_try_advisory_xact_lock(${lockKey}::bigint) AS held`;
    if (lock?.held !== true) return 0;
    return transaction.$executeRaw`
      WITH silent AS (
        SELECT t.id, t.sweep_id, t.position FROM trial t
        WHERE t.state = 'queued' AND NOT EXISTS (
          SELECT 1 FROM outbox o WHERE o.trial_id = t.id
            AND (o.sent_at IS NULL OR o.sent_at > now() - make_interval(secs => ${olderThanSeconds}::float8))
        )
      )
      INSERT INTO outbox (sweep_id, trial_id)
      SELECT sweep_id, id FROM silent WHERE (SELECT count(*) FROM silent) > ${ringsInStream}::bigint
      ORDER BY sweep_id, position`;
  });
}
