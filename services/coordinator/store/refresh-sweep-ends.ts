import type { Queryable } from '../../shared/db/connect.js';

/**
 * Sets `ended_at` of sweeps whose trials are all terminal and clears it of those that run again. Must be the last
 * statement of the transaction that moved the trials.
 *
 * The sweep's row is locked by a statement of its own: of two transactions that end the last two trials, the second
 * then looks at the trials with a snapshot that has the first one's work. The lock is the weaker one that lets foreign
 * keys be checked: a trial that is changed twice in a transaction has its sweep's row locked for that already, and two
 * such transactions would wait for each other.
 */
export async function refreshSweepEnds(transaction: Queryable, sweepIds: readonly string[]): Promise<void> {
  const ids = [...new Set(sweepIds)];
  if (ids.length === 0) return;
  await transaction.$queryRaw`SELECT id FROM sweep WHERE id = ANY(${ids}::text[]) ORDER BY id FOR NO KEY UPDATE`;
  await transaction.$executeRaw`
    UPDATE sweep s SET ended_at = CASE WHEN now_running THEN NULL ELSE coalesce(s.ended_at, now()) END
    FROM (
      SELECT id, EXISTS (
        SELECT 1 FROM trial t WHERE t.sweep_id = w.id AND t.state IN ('waiting', 'queued', 'running')
      ) AS now_running
      FROM unnest(${ids}::text[]) AS w(id)
    ) AS seen
    WHERE s.id = seen.id AND (s.ended_at IS NULL) <> now_running`;
}

/** Adds the device time of attempts that are over to their sweeps. Takes the same locks, in the same order. */
export async function useDeviceTime(
  transaction: Queryable,
  attempts: readonly { readonly sweep_id: string; readonly seconds: number }[],
): Promise<void> {
  const used = new Map<string, number>();
  for (const { sweep_id: id, seconds } of attempts) used.set(id, (used.get(id) ?? 0) + seconds);
  const ids = [...used.keys()];
  if (ids.length === 0) return;
  await transaction.$queryRaw`SELECT id FROM sweep WHERE id = ANY(${ids}::text[]) ORDER BY id FOR NO KEY UPDATE`;
  await transaction.$executeRaw`
    UPDATE sweep s SET used_seconds = s.used_seconds + u.seconds
    FROM unnest(${ids}::text[], ${[...used.values()]}::float8[]) AS u(id, seconds) WHERE s.id = u.id`;
}
