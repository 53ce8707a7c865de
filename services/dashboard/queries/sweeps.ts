import { Prisma, type Database } from '../../shared/db/connect.js';
import { sweepState, type SweepState, type TrialCounts } from '../../shared/trial-state.js';
import { sweepProgress, type Progress } from '../progress.js';

/** A sweep with its counts, as the list and the head of its page show it. */
export interface SweepOverview {
  readonly id: string;
  readonly name: string;
  readonly workload: string;
  /** The spec's `data`, which may declare the tasks. */
  readonly data: unknown;
  readonly tasks: readonly string[];
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  /** Left out of the list. */
  readonly archived: boolean;
  readonly tags: readonly string[];
  readonly counts: TrialCounts;
  readonly state: SweepState;
  readonly progress: Progress;
  /** The database's clock when this was read. */
  readonly now: Date;
}

interface OverviewRow {
  id: string;
  name: string;
  workload: string;
  data: unknown;
  tasks: string[];
  created_at: Date;
  ended_at: Date | null;
  archived: boolean;
  tags: string[] | null;
  waiting: number;
  queued: number;
  running: number;
  succeeded: number;
  failed: number;
  stopped: number;
  cancelled: number;
  first_started_at: Date | null;
  last_ended_at: Date | null;
  running_work: number;
  now: Date;
}

async function readOverviews(database: Database, which: Prisma.Sql): Promise<SweepOverview[]> {
  const rows = await database.$queryRaw<OverviewRow[]>`
    SELECT s.id, s.name, s.workload, s.data, s.tasks, s.created_at, s.ended_at, s.archived_at IS NOT NULL AS archived,
      (SELECT a.tags FROM annotation a WHERE a.target = s.id) AS tags,
      count(t.id) FILTER (WHERE t.state = 'waiting')::int AS waiting,
      count(t.id) FILTER (WHERE t.state = 'queued')::int AS queued,
      count(t.id) FILTER (WHERE t.state = 'running')::int AS running,
      count(t.id) FILTER (WHERE t.state = 'succeeded')::int AS succeeded,
      count(t.id) FILTER (WHERE t.state = 'failed')::int AS failed,
      count(t.id) FILTER (WHERE t.state = 'stopped')::int AS stopped,
      count(t.id) FILTER (WHERE t.state = 'cancelled')::int AS cancelled,
      min(t.started_at) AS first_started_at,
      max(t.ended_at) AS last_ended_at,
      coalesce(sum(least(1, t.step::float8 / t.steps)) FILTER (WHERE t.state = 'running' AND t.steps > 0), 0)::float8
        AS running_work,
      now() AS now
    FROM (${which}) s LEFT JOIN trial t ON t.sweep_id = s.id
    GROUP BY s.id, s.name, s.workload, s.data, s.tasks, s.created_at, s.ended_at, s.archived_at
    ORDER BY s.created_at DESC, s.id DESC`;
  return rows.map((row) => {
    const { waiting, queued, running, succeeded, failed, stopped, cancelled } = row;
    const counts: TrialCounts = { waiting, queued, running, succeeded, failed, stopped, cancelled };
    return {
      id: row.id,
      name: row.name,
      workload: row.workload,
      data: row.data,
      tasks: row.tasks,
      createdAt: row.created_at,
      endedAt: row.ended_at,
      archived: row.archived,
      tags: row.tags ?? [],
      counts,
      state: sweepState(counts),
      progress: sweepProgress({
        counts,
        runningWork: row.running_work,
        firstStartedAt: row.first_started_at,
        lastEndedAt: row.last_ended_at,
        now: row.now,
      }),
      now: row.now,
    };
  });
}

const columns = Prisma.sql`SELECT id, name, workload, spec->'data' AS data, tasks, created_at, ended_at, archived_at FROM sweep`;

/** Which sweeps are listed. */
export interface SweepFilter {
  /** In name, id, workload, notes or tags of the sweep or one of its trials; empty for all. */
  readonly text: string;
  /** A tag of the sweep or one of its trials. */
  readonly tag: string | undefined;
  /** Those that are archived instead of those that are not. */
  readonly archived: boolean;
  /** Only those that come after this place of the list. */
  readonly behind: Pick<SweepOverview, 'createdAt' | 'id'> | undefined;
}

export const everything: SweepFilter = { text: '', tag: undefined, archived: false, behind: undefined };

/** Sweeps on one page of the list. */
export const sweepsPerPage = 100;

/** The newest sweeps, newest first. */
export function listSweeps(
  database: Database,
  filter: SweepFilter = everything,
  limit = sweepsPerPage,
): Promise<SweepOverview[]> {
  const { text, tag, archived, behind } = filter;
  // What a person writes is looked for as it is: it holds no wildcards.
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  return readOverviews(
    database,
    Prisma.sql`${columns} WHERE (archived_at IS NOT NULL) = ${archived}
      AND (${text === ''} OR name ILIKE ${pattern} OR id ILIKE ${pattern} OR workload ILIKE ${pattern} OR EXISTS (
        SELECT 1 FROM annotation a WHERE a.sweep_id = sweep.id
          AND (a.notes ILIKE ${pattern} OR array_to_string(a.tags, ',') ILIKE ${pattern})))
      AND (${tag ?? null}::text IS NULL OR EXISTS (
        SELECT 1 FROM annotation a WHERE a.sweep_id = sweep.id AND ${tag ?? null}::text = ANY(a.tags)))
      AND (${behind === undefined} OR (created_at, id) < (${behind?.createdAt ?? null}::timestamptz, ${behind?.id ?? null}::text))
      ORDER BY created_at DESC, id DESC LIMIT ${limit}`,
  );
}

/** One sweep; undefined when there is none with this id. */
export async function findSweep(database: Database, sweepId: string): Promise<SweepOverview | undefined> {
  return (await readOverviews(database, Prisma.sql`${columns} WHERE id = ${sweepId}`))[0];
}

/** The spec that a sweep was submitted with, as it is stored; undefined when there is no such sweep. */
export async function readStoredSpec(
  database: Database,
  sweepId: string,
): Promise<{ name: string; spec: unknown } | undefined> {
  const row = await database.sweep.findUnique({ where: { id: sweepId }, select: { name: true, spec: true } });
  return row ?? undefined;
}
