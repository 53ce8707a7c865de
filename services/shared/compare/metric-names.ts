import type { MetricInfo } from '../catalog/metrics.js';
import { findTask, type TaskSource } from '../catalog/workloads.js';

/** A task's label; its bare name where it is not known. */
export function taskLabel(source: TaskSource, task: string): string {
  return findTask(source, task)?.label ?? task;
}

/** The metrics of a task, the primary one first; empty where it is not known. */
export function taskMetrics(source: TaskSource, task: string): readonly MetricInfo[] {
  return findTask(source, task)?.metrics ?? [];
}

/** The same with those of trials that say how sure they are. */
export function testMetrics(source: TaskSource, task: string): readonly MetricInfo[] {
  return [...taskMetrics(source, task), ...(findTask(source, task)?.uncertaintyMetrics ?? [])];
}

/** "Semantic class: IoU", or the metric alone where its label names the task. */
export function taskMetricLabel(source: TaskSource, task: string, metric: MetricInfo): string {
  const label = taskLabel(source, task);
  return metric.label.toLowerCase().includes(label.toLowerCase()) ? metric.label : `${label}: ${metric.label}`;
}

/** "IoU [%]", for axes and column heads. */
export function metricTitle(metric: MetricInfo): string {
  return metric.unit === '' ? metric.label : `${metric.label} [${metric.unit}]`;
}
