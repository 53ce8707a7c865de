import type { Database } from '../../shared/db/connect.js';

/** How many trials are queued and running, by state; a state without any is left out. */
export async function countOpenTrials(database: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await database.$queryRaw<{ state: string; count: number }[]>`
    SELECT state, count(*)::int AS count FROM trial WHERE state IN ('queued', 'running') GROUP BY state`;
  return new Map(rows.map(({ state, count }) => [state, count]));
}
