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

function settingCurves(sweepId: string, { settings, splits, metrics }: WantedCurves): Prisma.Sql {
  return Prisma.sql`
    SELECT t.setting_key, m.split, m.task, m.metric, m.epoch,
      avg(m.value)::float8 AS mean, stddev_samp(m.value)::float8 AS deviation, count(*)::int AS seeds
    FROM trial t JOIN metric m ON m.trial_id = t.id AND m.attempt = t.attempt
    WHERE t.sweep_id = ${sweepId} AND t.setting_key = ANY(${[...settings]}::text[])
      AND m.split = ANY(${[...splits]}::text[]) AND m.metric = ANY(${[...metrics]}::text[])
    GROUP BY t.setting_key, m.split, m.task, m.metric, m.epoch
    ORDER BY m.epoch`;
}

/**
 * The settings of a sweep in its order, some of them.
 * @param range `among` these keys, or all where it is empty; only those behind the position `after`
 */
export function listSettingKeys(
  database: Database,
  sweepId: string,
  range: { readonly among: readonly string[]; readonly after: number; readonly limit: number },
): Promise<{ key: string; position: number }[]> {
  const { among, after, limit } = range;
  return database.setting.findMany({
    where: { sweepId, position: { gt: after }, ...(among.length === 0 ? {} : { key: { in: [...among] } }) },
    select: { key: true, position: true },
    orderBy: { position: 'asc' },
    take: limit,
  });
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

/** A number that a trial has reported; unscaled. */
export interface MetricPoint {
  readonly epoch: number;
  readonly split: string;
  readonly task: string;
  readonly metric: string;
  readonly value: number;
}

/** Every number of one attempt, in epoch order. */
export function readTrialMetrics(database: Database, trialId: string, attempt: number): Promise<MetricPoint[]> {
  return database.metric.findMany({
    where: { trialId, attempt },
    select: { epoch: true, split: true, task: true, metric: true, value: true },
    orderBy: [{ epoch: 'asc' }, { split: 'asc' }, { task: 'asc' }, { metric: 'asc' }],
  });
}

/** Which numbers of an attempt are read. */
export interface MetricRange {
  /** Of all where it is left out or empty. */
  readonly split?: string | undefined;
  readonly task?: string | undefined;
  readonly metrics: readonly string[];
  /** Only those behind this one, in the order of epoch, split, task and name. */
  readonly behind?: Omit<MetricPoint, 'value'> | undefined;
  readonly limit: number;
}

/** The numbers of one attempt, some of them. */
export function readMetricRange(
  database: Database,
  { trialId, attempt }: { readonly trialId: string; readonly attempt: number },
  range: MetricRange,
): Promise<MetricPoint[]> {
  return database.$queryRaw<MetricPoint[]>(metricRange({ trialId, attempt }, range));
}

function metricRange(
  { trialId, attempt }: { readonly trialId: string; readonly attempt: number },
  { split, task, metrics, behind, limit }: MetricRange,
): Prisma.Sql {
  const place =
    behind === undefined
      ? Prisma.empty
      : Prisma.sql`AND (epoch, split, task, metric) > (${behind.epoch}, ${behind.split}, ${behind.task}, ${behind.metric})`;
  return Prisma.sql`
    SELECT epoch, split, task, metric, value FROM metric
    WHERE trial_id = ${trialId} AND attempt = ${attempt} ${place}
      AND (${split ?? null}::text IS NULL OR split = ${split ?? null})
      AND (${task ?? null}::text IS NULL OR task = ${task ?? null})
      AND (${metrics.length === 0} OR metric = ANY(${[...metrics]}::text[]))
    ORDER BY epoch, split, task, metric LIMIT ${limit}`;
}
