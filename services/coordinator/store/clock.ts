import type { Database } from '../../shared/db/connect.js';

/** The database's clock, in milliseconds of the epoch: the only clock that leases know. */
export async function databaseTime(database: Database): Promise<number> {
  const rows = await database.$queryRaw<{ now: number }[]>`
    SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now`;
  const [row] = rows;
  if (row === undefined) throw new Error('the database did not tell its time');
  return row.now;
}
