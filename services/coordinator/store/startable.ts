import { Prisma, type Queryable } from '../../shared/db/connect.js';
import { claimable, openSweeps } from '../../shared/db/open-sweeps.js';

/** Open sweeps (`o`) that may start trials, if they have some. */
export const releasedSweeps = Prisma.sql`SELECT * FROM (${openSweeps}) every WHERE released AND room > 0`;

/**
 * Whether any trial could be started now, as one row. In the order of the indexes of queued trials, so that of each sweep
 * the first one is read: two EXISTS joined by OR read all that are queued.
 */
export function anyStartable(): Prisma.Sql {
  const first = (condition: Prisma.Sql): Prisma.Sql => Prisma.sql`
    SELECT 1 FROM trial t WHERE t.sweep_id = o.id AND ${claimable} AND ${condition}
    ORDER BY t.priority DESC, t.position LIMIT 1`;
  return Prisma.sql`
    SELECT EXISTS (
      SELECT 1 FROM (${releasedSweeps}) o CROSS JOIN LATERAL (
        SELECT * FROM (${first(Prisma.sql`t.attempt > 0`)}) b
        UNION ALL SELECT * FROM (${first(Prisma.sql`t.attempt = 0 AND o.fresh_room > 0`)}) f
      ) t
    ) AS some`;
}

/** Whether any trial could be started now, if only a worker with what it needs asked. */
export async function canBeStarted(queryable: Queryable): Promise<boolean> {
  const [row] = await queryable.$queryRaw<{ some: boolean }[]>(anyStartable());
  return row?.some === true;
}

/**
 * Rings for the next trials of some sweeps: as many as may be started now, at most.
 * @param most of each sweep
 * @returns how many were rung
 */
export async function ringStartable(
  queryable: Queryable,
  sweepIds: readonly string[],
  most = 1_000_000,
): Promise<number> {
  return queryable.$executeRaw`
    INSERT INTO outbox (sweep_id, trial_id)
    SELECT o.id, t.id FROM (${releasedSweeps}) o CROSS JOIN LATERAL (${startableOf(Prisma.sql`${most}`)}) t
    WHERE o.id = ANY(${[...sweepIds]}::text[])`;
}

/** The next trials of an open sweep (`o`) in the order of claims, as many as may be started. */
export function startableOf(most: Prisma.Sql): Prisma.Sql {
  const next = (condition: Prisma.Sql, limit: Prisma.Sql): Prisma.Sql => Prisma.sql`
    SELECT t.id, t.priority, t.position FROM trial t WHERE t.sweep_id = o.id AND ${claimable} AND ${condition}
    ORDER BY t.priority DESC, t.position LIMIT least(${limit}, ${most}::bigint)`;
  return Prisma.sql`
    SELECT n.id FROM (
      SELECT * FROM (${next(Prisma.sql`t.attempt > 0`, Prisma.sql`o.room`)}) b
      UNION ALL SELECT * FROM (${next(Prisma.sql`t.attempt = 0`, Prisma.sql`o.room, o.fresh_room`)}) f
    ) n ORDER BY n.priority DESC, n.position LIMIT least(o.room, ${most}::bigint)`;
}
