import { Prisma, type Database } from '../../shared/db/connect.js';
import type { SweepSummary } from '../../shared/messages/commands.js';
import { sweepState } from '../../shared/trial-state.js';

interface Row {
  id: string;
  name: string;
  workload: string;
  created_at: Date;
  ended_at: Date | null;
  waiting: number;
  queued: number;
  running: number;
  succeeded: number;
  failed: number;
  stopped: number;
  cancelled: number;
}

async function readSummaries(database: Database, which: Prisma.Sql): Promise<SweepSummary[]> {
  const rows = await database.$queryRaw<Row[]>`
    SELECT s.id, s.name, s.workload, s.created_at, s.ended_at,
      count(*) FILTER (WHERE t.state = 'waiting')::int AS waiting,
      count(*) FILTER (WHERE t.state = 'queued')::int AS queued,
      count(*) FILTER (WHERE t.state = 'running')::int AS running,
      count(*) FILTER (WHERE t.state = 'succeeded')::int AS succeeded,
      count(*) FILTER (WHERE t.state = 'failed')::int AS failed,
      count(*) FILTER (WHERE t.state = 'stopped')::int AS stopped,
      count(*) FILTER (WHERE t.state = 'cancelled')::int AS cancelled
    FROM (SELECT * FROM sweep ${which}) s LEFT JOIN trial t ON t.sweep_id = s.id
    GROUP BY s.id, s.name, s.workload, s.created_at, s.ended_at
    ORDER BY s.created_at DESC, s.id`;
  return rows.map(({ id, name, workload, created_at: createdAt, ended_at: endedAt, ...counts }) => ({
    sweepId: id,
    name,
    workload,
    state: sweepState(counts),
    counts,
    createdAt: createdAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  }));
}

/** The newest sweeps with the counts of their trials' states, newest first. */
export function listSweeps(database: Database, limit: number): Promise<SweepSummary[]> {
  return readSummaries(database, Prisma.sql`ORDER BY created_at DESC, id LIMIT ${limit}`);
}

/** One sweep; undefined when there is none with this id. */
export async function findSweep(database: Database, sweepId: string): Promise<SweepSummary | undefined> {
  return (await readSummaries(database, Prisma.sql`WHERE id = ${sweepId}`))[0];
}
