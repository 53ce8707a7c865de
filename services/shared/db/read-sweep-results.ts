import { dataOf } from '../catalog/workloads.js';
import { sweepResults, type SweepResults } from '../compare/results.js';
import { confusionPrefix } from '../messages/confusion-cells.js';
import { skippedMetrics, trialMetrics, weightingMetrics, wholeTrial } from '../messages/reports.js';
import { sweepState, trialStates, type TrialCounts, type TrialState } from '../trial-state.js';
import type { Database } from './connect.js';

interface MetricRow {
  trial_id: string;
  split: string;
  task: string;
  metric: string;
  value: number;
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
            select: { id: true, settingKey: true, label: true, seed: true, state: true },
          },
        },
      }),
      database.$queryRaw<MetricRow[]>`
      SELECT DISTINCT ON (m.trial_id, m.split, m.task, m.metric) m.trial_id, m.split, m.task, m.metric, m.value
      FROM trial t JOIN metric m ON m.trial_id = t.id AND m.attempt = t.attempt
      WHERE t.sweep_id = ${sweepId} AND t.state = 'succeeded' AND m.split IN ('test', 'train')
        AND NOT starts_with(m.metric, ${confusionPrefix})
      ORDER BY m.trial_id, m.split, m.task, m.metric, m.epoch DESC`,
    ],
    inOneSnapshot,
  );
  const counts = Object.fromEntries(
    trialStates.map((state) => [state, sweep.trials.filter((trial) => trial.state === state).length]),
  ) as Record<TrialState, number> satisfies TrialCounts;
  const metricsOf = new Map<string, MetricRow[]>();
  for (const row of metrics) {
    const rows = metricsOf.get(row.trial_id);
    if (rows === undefined) metricsOf.set(row.trial_id, [row]);
    else rows.push(row);
  }
  const learned = new Set(sweep.settings.filter((one) => one.kind === 'learned').map((one) => one.key));
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
  return sweepResults.parse({
    sweepId,
    name: sweep.name,
    workload: sweep.workload,
    data: dataOf(sweep.spec),
    tasks: sweep.tasks,
    state: sweepState(counts),
    settings: sweep.settings,
    ...(Object.values(skipped).some((count) => count > 0) ? { skipped } : {}),
    trials: sweep.trials.map((trial) => {
      const own = metricsOf.get(trial.id) ?? [];
      const final = (task: string, metric: string): number | null =>
        own.find((one) => one.split === 'train' && one.task === task && one.metric === metric)?.value ?? null;
      const tasks = learned.has(trial.settingKey) && own.length > 0 ? sweep.tasks : [];
      return {
        trialId: trial.id,
        settingKey: trial.settingKey,
        label: trial.label,
        seed: trial.seed,
        state: trial.state,
        parameters: final(wholeTrial, trialMetrics.parameters),
        multiplyAdds: final(wholeTrial, trialMetrics.multiplyAdds),
        metrics: own.filter((one) => one.split === 'test'),
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
