import { findTask, metricsOfKind, workloads, type MetricInfo, type WorkloadName } from '../catalog/workloads.js';

/** Narrows a stored name: a sweep of a newer version may hold a workload that this one does not know. */
function isWorkload(name: string): name is WorkloadName {
  return Object.hasOwn(workloads, name);
}

/** A task's label; its bare name where the workload does not know it. */
export function taskLabel(workload: string, task: string): string {
  return (isWorkload(workload) ? findTask(workload, task)?.label : undefined) ?? task;
}

/** The metrics of a task, the primary one first; empty where the workload does not know the task. */
export function taskMetrics(workload: string, task: string): readonly MetricInfo[] {
  const info = isWorkload(workload) ? findTask(workload, task) : undefined;
  return info === undefined ? [] : metricsOfKind[info.kind];
}

/** "Semantic class: IoU", or the metric alone where its label names the task. */
export function taskMetricLabel(workload: string, task: string, metric: MetricInfo): string {
  const label = taskLabel(workload, task);
  return metric.label.toLowerCase().includes(label.toLowerCase()) ? metric.label : `${label}: ${metric.label}`;
}

/** "IoU [%]", for axes and column heads. */
export function metricTitle(metric: MetricInfo): string {
  return metric.unit === '' ? metric.label : `${metric.label} [${metric.unit}]`;
}
