import { Prisma, type Database } from '../../shared/db/connect.js';

/** A quantity of one task over epochs, averaged over the seeds of a setting; a number in each list for each epoch. */
export interface SettingCurve {
  readonly settingKey: string;
  readonly split: string;
  readonly task: string;
  readonly metric: string;
  /** Ascending. */
  readonly epochs: readonly number[];
  readonly means: readonly number[];
  /** Sample standard deviations; null for one seed. */
  readonly deviations: readonly (number | null)[];
  readonly seeds: readonly number[];
}

interface CurveRow {
  setting_key: string;
  split: string;
  task: string;
  metric: string;
  epochs: number[];
  means: number[];
  deviations: (number | null)[];
  seeds: number[];
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
): Promise<SettingCurve[]> {
  const rows = await database.$queryRaw<CurveRow[]>(settingCurves(sweepId, wanted));
  return rows.map(({ setting_key, ...row }) => ({ settingKey: setting_key, ...row }));
}

/** A row for each curve and not for each point: of the points most would be the same names over and over. */
function settingCurves(sweepId: string, { settings, splits, metrics }: WantedCurves): Prisma.Sql {
  return Prisma.sql`
    WITH point AS (
      SELECT t.setting_key, m.split, m.task, m.metric, m.epoch,
        avg(m.value)::float8 AS mean, stddev_samp(m.value)::float8 AS deviation, count(*)::int AS seeds
      FROM trial t JOIN metric m ON m.trial_id = t.id AND m.attempt = t.attempt
      WHERE t.sweep_id = ${sweepId} AND t.setting_key = ANY(${[...settings]}::text[])
        AND m.split = ANY(${[...splits]}::text[]) AND m.metric = ANY(${[...metrics]}::text[])
      GROUP BY t.setting_key, m.split, m.task, m.metric, m.epoch
    )
    SELECT setting_key, split, task, metric, array_agg(epoch ORDER BY epoch) AS epochs,
      array_agg(mean ORDER BY epoch) AS means, array_agg(deviation ORDER BY epoch) AS deviations,
      array_agg(seeds ORDER BY epoch) AS seeds
    FROM point GROUP BY setting_key, split, task, metric`;
}

/** Whether what is recorded of a setting's trials can be held to be complete. */
export interface SettingStanding {
  readonly key: string;
  /** Differs when another attempt of one of its trials counts. */
  readonly mark: string;
  /** None of its attempts runs, or has ended so lately that a report of it may be on its way still. */
  readonly settled: boolean;
}

/** How the trials of some settings stand. */
export function readSettingStandings(
  database: Database,
  sweepId: string,
  settings: readonly string[],
): Promise<SettingStanding[]> {
  return database.$queryRaw<SettingStanding[]>`
    SELECT t.setting_key AS key, string_agg(concat_ws(':', t.id, t.attempt), ',' ORDER BY t.id) AS mark,
      bool_and(t.attempt = 0 OR coalesce(a.ended_at < now() - interval '1 minute', false)) AS settled
    FROM trial t LEFT JOIN attempt a ON a.trial_id = t.id AND a.number = t.attempt
    WHERE t.sweep_id = ${sweepId} AND t.setting_key = ANY(${[...settings]}::text[])
    GROUP BY t.setting_key`;
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
