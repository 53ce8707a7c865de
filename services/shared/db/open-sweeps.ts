import { Prisma } from './connect.js';

/** The condition on table `trial` (`t`) for those that a claim may take, as far as the trial itself is concerned. */
export const claimable = Prisma.sql`t.state = 'queued' AND t.paused IS NULL AND t.not_before IS NULL`;

/**
 * A query for the sweeps that are not over, with what decides whether and how many of their trials may be started:
 * - `running` trials, and the device time `used`, in seconds, that of running attempts included
 * - `released`: neither paused nor out of device time
 * - `room`: trials that may be started now, as far as `max_running` is concerned
 * - `fresh_room`: of those never started, as far as the budget of trials is concerned
 */
export const openSweeps = Prisma.sql`
  SELECT s.id, s.name, s.created_at, c.priority, c.share, c.max_running, c.backends, c.memory_bytes, c.labels, c.commands,
    c.budget_trials, c.budget_seconds, c.paused, c.started, c.turn, r.running, s.used_seconds + r.seconds AS used,
    c.paused IS NULL AND s.used_seconds + r.seconds < coalesce(c.budget_seconds, 'Infinity') AS released,
    greatest(0, coalesce(c.max_running, 1000000) - r.running) AS room,
    greatest(0, coalesce(c.budget_trials, 1000000000) - c.started) AS fresh_room
  FROM sweep s JOIN schedule c ON c.sweep_id = s.id
  CROSS JOIN LATERAL (
    SELECT count(*)::int AS running, coalesce(sum(extract(epoch FROM now() - t.started_at)), 0)::float8 AS seconds
    FROM trial t WHERE t.sweep_id = s.id AND t.state = 'running'
  ) r
  WHERE s.ended_at IS NULL`;
