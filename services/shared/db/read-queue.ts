import { waitsOf, type QueueCounts, type QueuedSweep, type WorkerOffer } from '../schedule/queue.js';
import { Prisma, type Database } from './connect.js';
import { openSweeps } from './open-sweeps.js';

/** Presence comes every few seconds; a worker unheard of for this long is taken for lost, in seconds. */
export const silentAfter = 20;

interface SweepRow extends Omit<QueueCounts, 'paused'> {
  paused_trials: number;
  id: string;
  name: string;
  priority: number;
  share: number;
  max_running: number | null;
  running: number;
  paused: 'drain' | 'now' | null;
  backends: string[];
  memory_bytes: number | null;
  labels: string[];
  commands: string[];
  started: number;
  budget_trials: number | null;
  used: number;
  budget_seconds: number | null;
}

/** The workers that are there and take trials. */
export function readOffers(database: Database): Promise<WorkerOffer[]> {
  return database.$queryRaw<WorkerOffer[]>`
    SELECT backend, memory_bytes::float8 AS "memoryBytes", coalesce(labels, '{}') AS labels,
      coalesce(commands, '{}') AS commands
    FROM worker WHERE state = 'running' AND last_seen_at > now() - make_interval(secs => ${silentAfter}::float8)`;
}

/**
 * The sweeps that are not over, with what their trials wait for; in the order of their priority, then of their age.
 * @param sweepId one of them alone
 */
export async function readQueue(database: Database, sweepId?: string): Promise<QueuedSweep[]> {
  const which = sweepId === undefined ? Prisma.sql`true` : Prisma.sql`o.id = ${sweepId}`;
  const [rows, offers] = await Promise.all([
    database.$queryRaw<SweepRow[]>`
      SELECT o.id, o.name, o.priority, o.share, o.max_running, o.running, o.paused, o.backends,
        o.memory_bytes::float8 AS memory_bytes, o.labels, o.commands, o.started, o.budget_trials, o.used,
        o.budget_seconds, q.*
      FROM (${openSweeps}) o CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE state = 'waiting')::int AS dependent,
          count(*) FILTER (WHERE state = 'queued' AND t.paused IS NOT NULL)::int AS paused_trials,
          count(*) FILTER (WHERE state = 'queued' AND t.paused IS NULL AND not_before IS NOT NULL)::int AS backoff,
          extract(epoch FROM min(not_before) FILTER (WHERE state = 'queued' AND t.paused IS NULL) - now())::float8
            AS "nextTrySeconds",
          count(*) FILTER (WHERE state = 'queued' AND t.paused IS NULL AND not_before IS NULL AND attempt = 0)::int AS fresh,
          count(*) FILTER (WHERE state = 'queued' AND t.paused IS NULL AND not_before IS NULL AND attempt > 0)::int AS begun
        FROM trial t WHERE t.sweep_id = o.id AND t.state IN ('waiting', 'queued')
      ) q
      WHERE ${which} ORDER BY o.priority DESC, o.created_at, o.id`,
    readOffers(database),
  ]);
  return rows.map((row) => {
    const sweep = {
      sweepId: row.id,
      name: row.name,
      priority: row.priority,
      share: row.share,
      maxRunning: row.max_running,
      running: row.running,
      paused: row.paused,
      requires: {
        backends: row.backends,
        memoryBytes: row.memory_bytes,
        labels: row.labels,
        commands: row.commands,
      },
      started: row.started,
      budgetTrials: row.budget_trials,
      usedSeconds: row.used,
      budgetSeconds: row.budget_seconds,
    };
    return { ...sweep, waits: waitsOf(sweep, { ...row, paused: row.paused_trials }, offers) };
  });
}
