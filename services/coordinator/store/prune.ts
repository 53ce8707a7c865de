import type { Database } from '../../shared/db/connect.js';

/** How many dead letters are kept for a person to look at; anyone who reaches NATS can make them. */
const keptDeadLetters = 1000;

/** Actions are kept so that one can see later who did what; this many are years of a busy group. */
const keptActions = 100_000;

/** Deletes what nobody asks for any more: sent outbox rows, long gone workers, dead letters and actions beyond the newest. */
export async function prune(database: Database): Promise<void> {
  await database.$executeRaw`DELETE FROM outbox WHERE sent_at < now() - interval '1 hour'`;
  await database.$executeRaw`DELETE FROM worker WHERE last_seen_at < now() - interval '30 days'`;
  await database.$executeRaw`
    DELETE FROM dead_letter WHERE id <= (SELECT id FROM dead_letter ORDER BY id DESC OFFSET ${keptDeadLetters} LIMIT 1)`;
  await database.$executeRaw`
    DELETE FROM action WHERE id <= (SELECT id FROM action ORDER BY id DESC OFFSET ${keptActions} LIMIT 1)`;
}
