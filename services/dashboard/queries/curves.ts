import { Prisma, type Database } from '../../shared/db/connect.js';

/** A quantity at one epoch over the seeds of a setting. `deviation` is the sample standard deviation; null for one seed. */
export interface SettingPoint {
  readonly settingKey: string;
  readonly split: string;
  readonly task: string;
  readonly metric: string;
  readonly epoch: number;
  readonly mean: number;
  readonly deviation: number | null;
  readonly seeds: number;
}

interface Row {
  setting_key: string;
  split: string;
  task: string;
  metric: string;
  epoch: number;
  mean: number;
  deviation: number | null;
  seeds: number;
}

/** Keys of settings, splits and names of metrics. */
export type WantedCurves = Readonly<Record<'settings' | 'splits' | 'metrics', readonly string[]>>;

/**
 * Per-epoch quantities of every setting of a sweep, averaged over seeds in the database: a sweep has far more points
 * than a page can show. Only the newest attempt of a trial counts.
 * @param wanted keys of settings, splits and names of metrics
 */
export async function readSettingCurves(
  database: Database,
  sweepId: string,
  wanted: WantedCurves,
): Promise<SettingPoint[]> {
  const rows = await database.$queryRaw<Row[]>(settingCurves(sweepId, wanted));
  return rows.map(({ setting_key, ...row }) => ({ settingKey: setting_key, ...row }));
}

/** The statement of `readSettingCurves`. */
export function settingCurves(sweepId: string, { settings, splits, metrics }: WantedCurves): Prisma.Sql {
  return Prisma.sql`
    SELECT t.setting_key, m.split, m.task, m.metric, m.epoch,
      avg(m.value)::float8 AS mean, stddev_samp(m.value)::float8 AS deviation, count(*)::int AS seeds
    FROM trial t JOIN metric m ON m.trial_id = t.id AND m.attempt = t.attempt
    WHERE t.sweep_id = ${sweepId} AND t.setting_key = ANY(${[...settings]}::text[])
      AND m.split = ANY(${[...splits]}::text[]) AND m.metric = ANY(${[...metrics]}::text[])
    GROUP BY t.setting_key, m.split, m.task, m.metric, m.epoch
    ORDER BY m.epoch`;
}

/** The held-out metrics of one attempt; empty until it has succeeded. */
export function readTestMetrics(
  database: Database,
  trialId: string,
  attempt: number,
): Promise<{ task: string; metric: string; value: number }[]> {
  return database.metric.findMany({
    where: { trialId, attempt, split: 'test' },
    select: { task: true, metric: true, value: true },
    orderBy: { epoch: 'desc' },
    distinct: ['task', 'metric'],
  });
}

/** Every number of one attempt, in epoch order. */
export function readTrialMetrics(
  database: Database,
  trialId: string,
  attempt: number,
): Promise<{ epoch: number; split: string; task: string; metric: string; value: number }[]> {
  return database.metric.findMany({
    where: { trialId, attempt },
    select: { epoch: true, split: true, task: true, metric: true, value: true },
    orderBy: [{ epoch: 'asc' }, { split: 'asc' }, { task: 'asc' }, { metric: 'asc' }],
  });
}
