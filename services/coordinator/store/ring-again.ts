import { Prisma, type Database } from '../../shared/db/connect.js';
import { inTransaction } from './transaction.js';
import { releasedSweeps, startableOf } from './startable.js';

/** Key of the lock that lets one coordinator at a time compare outbox and stream: 'ring' in ASCII. */
const lockKey = 0x72696e67;
/**
 * With so many rings no worker waits, whatever number of trials is queued: rings say that there is something to train, not
 * what. Counting all that could be started would cost a tenth of a second with 100,000 of them, every few seconds.
 */
const plenty = 10_000;

/**
 * Rings again where rings were lost: when more trials could be started than there are rings, in the stream, in the outbox
 * and on their way, and there are not plenty. While all rings are there, a sweep may wait for days without being announced twice; trials that may
 * not be started now (paused, beyond a limit, waiting for another try) need none.
 * @param ringsInStream read before this call: a trial claimed in between then lowers the count on the other side
 * @param olderThanSeconds a ring sent less long ago is on its way
 * @returns how many were rung
 */
export async function ringAgain(database: Database, ringsInStream: number, olderThanSeconds: number): Promise<number> {
  if (ringsInStream >= plenty) return 0;
  return inTransaction(database, async (transaction) => {
    const [lock] = await transaction.$queryRaw<{ held: boolean }[]>`
      SELECT pg_try_advisory_xact_lock(${lockKey}::bigint) AS held`;
    if (lock?.held !== true) return 0;
    const most = Prisma.sql`${plenty}`;
    return transaction.$executeRaw`
      WITH startable AS MATERIALIZED (
        SELECT o.id AS sweep_id, o.priority, o.created_at, t.id, t.n
        FROM (${releasedSweeps}) o
        CROSS JOIN LATERAL (SELECT s.id, row_number() OVER () AS n FROM (${startableOf(most)}) s) t
      ), rings AS (
        SELECT ${ringsInStream}::bigint + (
          SELECT count(*) FROM outbox o
          WHERE o.sent_at IS NULL OR o.sent_at > now() - make_interval(secs => ${olderThanSeconds}::float8)
        ) AS there
      )
      INSERT INTO outbox (sweep_id, trial_id)
      SELECT sweep_id, id FROM startable
      ORDER BY priority DESC, created_at, sweep_id, n
      LIMIT greatest(0, (SELECT count(*) FROM startable) - (SELECT there FROM rings))`;
  });
}
