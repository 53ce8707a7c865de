import type { Database } from '../../shared/db/connect.js';

/**
 * Short texts that differ when what a page shows has changed. They are asked for every few seconds when no notice
 * comes, so they read only small tables: steps move whenever metrics do.
 */
export async function sweepFingerprint(database: Database, sweepId: string): Promise<string> {
  const rows = await database.$queryRaw<{ mark: string | null }[]>`
    SELECT md5(string_agg(concat_ws(':', state, attempt, step, worker_id), ',' ORDER BY position)) AS mark
    FROM trial WHERE sweep_id = ${sweepId}`;
  return rows[0]?.mark ?? '';
}

/** The same for the list of sweeps and workers. */
export async function overviewFingerprint(database: Database): Promise<string> {
  const rows = await database.$queryRaw<{ mark: string | null }[]>`
    SELECT concat_ws('/',
      (SELECT md5(string_agg(id || name, ',' ORDER BY id)) FROM sweep),
      (SELECT md5(string_agg(concat_ws(':', sweep_id, state, n, work), ',' ORDER BY sweep_id, state))
        FROM (SELECT sweep_id, state, count(*) AS n, sum(step) AS work FROM trial GROUP BY sweep_id, state) counted),
      (SELECT md5(string_agg(concat_ws(':', id, state, array_to_string(trials, '+'), last_seen_at), ',' ORDER BY id))
        FROM worker)) AS mark`;
  return rows[0]?.mark ?? '';
}
