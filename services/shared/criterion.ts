import type { MetricInfo } from './catalog/metrics.js';
import type { TaskSource } from './catalog/workloads.js';
import { deltaM, type BaselineTask } from './compare/delta-m.js';
import { taskMetricLabel, taskMetrics } from './compare/metric-names.js';
import { deltaCriterion } from './derivation.js';

/** One metric of one task, by which trainings are ranked. */
export interface CriterionMetric {
  readonly task: string;
  readonly metric: MetricInfo;
}

/**
 * What may stand where a metric is chosen, beside `delta-m`: a task for its first metric, or `task.metric`. By the text
 * that a spec writes.
 */
export function criterionMetrics(source: TaskSource, tasks: readonly string[]): Map<string, CriterionMetric> {
  return new Map(
    tasks.flatMap((task) =>
      taskMetrics(source, task).flatMap((metric, place): [string, CriterionMetric][] => [
        ...(place === 0 ? [[task, { task, metric }] as [string, CriterionMetric]] : []),
        [`${task}.${metric.name}`, { task, metric }],
      ]),
    ),
  );
}

/** A criterion in words: "Δm", "Semantic class: IoU". */
export function criterionLabel(source: TaskSource, tasks: readonly string[], criterion: string): string {
  if (criterion === deltaCriterion) return 'Δm';
  const chosen = criterionMetrics(source, tasks).get(criterion);
  return chosen === undefined ? criterion : taskMetricLabel(source, chosen.task, chosen.metric);
}

/** The value of a task's metric; not a number where there is none. */
export type ValueOf = (task: string, metric: string) => number;

/**
 * How good some metrics are by a criterion: larger is better.
 * @param tasks the trained tasks
 * @param baselineOf what a task's single-task network reaches, for Δm
 * @returns undefined where the criterion says nothing about these metrics: its task is not trained, or Δm has fewer than
 *   two tasks or lacks a baseline
 */
export function scoreOf(
  criterion: string,
  source: TaskSource,
  tasks: readonly string[],
  valueOf: ValueOf,
  baselineOf: ValueOf,
): number | undefined {
  if (criterion !== deltaCriterion) {
    const chosen = criterionMetrics(source, tasks).get(criterion);
    if (chosen === undefined) return undefined;
    const value = valueOf(chosen.task, chosen.metric.name);
    return finite(chosen.metric.better === 'higher' ? value : -value);
  }
  const measured = tasks.flatMap((task) => {
    const [metric] = taskMetrics(source, task);
    return metric === undefined ? [] : [{ task, metric }];
  });
  const baselines = measured.map(({ task, metric }): BaselineTask => {
    return { task, better: metric.better, baseline: baselineOf(task, metric.name) };
  });
  return finite(
    deltaM(baselines, [measured.map(({ task, metric }) => valueOf(task, metric.name))])?.total.mean ?? Number.NaN,
  );
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
