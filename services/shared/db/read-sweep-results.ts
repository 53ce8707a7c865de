import { dataOf } from '../catalog/workloads.js';
import { sweepResults, type SweepResults } from '../compare/results.js';
import { describeProcedure } from '../compare/procedure.js';
import { calibrationPrefix } from '../messages/calibration-points.js';
import { confusionPrefix } from '../messages/confusion-cells.js';
import { skippedMetrics, trialMetrics, weightingMetrics, wholeTrial } from '../messages/reports.js';
import { tuningField, type Tuning } from '../sweep-spec/tuning-schema.js';
import { sweepState, trialStates, type TrialCounts, type TrialState } from '../trial-state.js';
import { Prisma, type Database } from './connect.js';

interface MetricRow {
  trial_id: string;
  split: string;
  task: string;
  metric: string;
  value: number;
}

const finalMetrics = [weightingMetrics.weight, weightingMetrics.normalisedWeight, weightingMetrics.variance];

/**
 * The test metrics of every succeeded trial, and the weights at the end of those that learn them. Of the many epochs
 * before no row is read: test metrics have an index of their own, an attempt's last epoch is the end of the key's.
 */
function lastMetrics(sweepId: string): Prisma.Sql {
  return Prisma.sql`
    WITH done AS (
      SELECT t.id, t.attempt, s.kind FROM trial t JOIN setting s ON s.sweep_id = t.sweep_id AND s.key = t.setting_key
      WHERE t.sweep_id = ${sweepId} AND t.state = 'succeeded'
    )
    (SELECT DISTINCT ON (m.trial_id, m.task, m.metric) m.trial_id, m.split, m.task, m.metric, m.value
      FROM done d JOIN metric m ON m.trial_id = d.id AND m.attempt = d.attempt AND m.split = 'test'
      WHERE NOT starts_with(m.metric, ${confusionPrefix}) AND NOT starts_with(m.metric, ${calibrationPrefix})
      ORDER BY m.trial_id, m.task, m.metric, m.epoch DESC)
    UNION ALL
    (SELECT m.trial_id, m.split, m.task, m.metric, m.value
      FROM done d
        CROSS JOIN LATERAL (
          SELECT epoch FROM metric WHERE trial_id = d.id AND attempt = d.attempt AND split = 'train'
          ORDER BY epoch DESC LIMIT 1
        ) last
        JOIN metric m ON m.trial_id = d.id AND m.attempt = d.attempt AND m.epoch = last.epoch AND m.split = 'train'
      WHERE d.kind = 'learned' AND m.metric = ANY(${finalMetrics}))`;
}

function tuningOf(spec: unknown): Tuning | undefined {
  const given = typeof spec === 'object' && spec !== null && 'tuning' in spec ? spec.tuning : undefined;
  return tuningField.safeParse(given).data;
}

/** Of the trials that have succeeded; they change no more, so that no snapshot is needed. */
function lastValidation(database: Database, sweepId: string): Promise<MetricRow[]> {
  return database.$queryRaw<MetricRow[]>`
    SELECT DISTINCT ON (m.trial_id, m.task, m.metric) m.trial_id, m.split, m.task, m.metric, m.value
    FROM trial t JOIN metric m ON m.trial_id = t.id AND m.attempt = t.attempt
    WHERE t.sweep_id = ${sweepId} AND t.state = 'succeeded' AND m.split = 'validation'
    ORDER BY m.trial_id, m.task, m.metric, m.epoch DESC`;
}

function byTrial(rows: readonly MetricRow[]): ReadonlyMap<string, readonly MetricRow[]> {
  const rowsOf = new Map<string, MetricRow[]>();
  for (const row of rows) {
    const own = rowsOf.get(row.trial_id);
    if (own === undefined) rowsOf.set(row.trial_id, [row]);
    else own.push(row);
  }
  return rowsOf;
}

/**
 * Reads what the comparison of a sweep is made from: of each trial that has succeeded the last numbers of its attempt.
 * @throws Prisma's error when there is no such sweep
 */
export async function readSweepResults(database: Database, sweepId: string): Promise<SweepResults> {
  // One snapshot: read apart, a trial that ends in between would count as done without its metrics.
  const inOneSnapshot = { isolationLevel: 'RepeatableRead' } as const;
  const [sweep, metrics] = await database.$transaction(
    [
      database.sweep.findUniqueOrThrow({
        where: { id: sweepId },
        include: {
          settings: { orderBy: { position: 'asc' } },
          trials: {
            orderBy: { position: 'asc' },
            select: { id: true, settingKey: true, label: true, seed: true, state: true, stop: true },
          },
        },
      }),
      database.$queryRaw<MetricRow[]>(lastMetrics(sweepId)),
    ],
    inOneSnapshot,
  );
  const counts = Object.fromEntries(
    trialStates.map((state) => [state, sweep.trials.filter((trial) => trial.state === state).length]),
  ) as Record<TrialState, number> satisfies TrialCounts;
  const metricsOf = byTrial(metrics);
  // Learned, or filled in anew for each seed.
  const ownWeights = new Set(sweep.settings.filter((one) => one.weights === null).map((one) => one.key));
  // All trials read the same data; where workers' copies differ, the worst is told.
  const skippedOf = (metric: string): number =>
    metrics.reduce(
      (most, one) => (one.task === wholeTrial && one.metric === metric ? Math.max(most, one.value) : most),
      0,
    );
  const skipped = {
    train: skippedOf(skippedMetrics.train),
    validation: skippedOf(skippedMetrics.validation),
    test: skippedOf(skippedMetrics.test),
  };
  const tuning = tuningOf(sweep.spec);
  const validationOf = tuning === undefined ? undefined : byTrial(await lastValidation(database, sweepId));
  const procedure = describeProcedure(sweep, sweep.tasks);
  return sweepResults.parse({
    sweepId,
    name: sweep.name,
    workload: sweep.workload,
    data: dataOf(sweep.spec),
    tasks: sweep.tasks,
    state: sweepState(counts),
    settings: sweep.settings,
    ...(tuning === undefined ? {} : { tuning: { metric: tuning.metric } }),
    ...(procedure.length > 0 ? { procedure } : {}),
    ...(Object.values(skipped).some((count) => count > 0) ? { skipped } : {}),
    trials: sweep.trials.map((trial) => {
      const own = metricsOf.get(trial.id) ?? [];
      const final = (task: string, metric: string): number | null =>
        own.find((one) => one.split === 'train' && one.task === task && one.metric === metric)?.value ?? null;
      const tasks = ownWeights.has(trial.settingKey) && own.length > 0 ? sweep.tasks : [];
      return {
        trialId: trial.id,
        settingKey: trial.settingKey,
        label: trial.label,
        seed: trial.seed,
        state: trial.state,
        stop: trial.stop,
        parameters: final(wholeTrial, trialMetrics.parameters),
        multiplyAdds: final(wholeTrial, trialMetrics.multiplyAdds),
        metrics: own.filter((one) => one.split === 'test'),
        ...(validationOf === undefined ? {} : { validation: validationOf.get(trial.id) ?? [] }),
        finalWeights: tasks.flatMap((task) => {
          const weight = final(task, weightingMetrics.weight);
          const normalisedWeight = final(task, weightingMetrics.normalisedWeight);
          if (weight === null || normalisedWeight === null) return [];
          return [{ task, weight, normalisedWeight, variance: final(task, weightingMetrics.variance) }];
        }),
      };
    }),
  });
}
