import type { MetricInfo } from '../../shared/catalog/workloads.js';
import type { Setting, SweepResults } from '../../shared/compare/results.js';
import { taskLabel, taskMetrics } from '../charts/metric-names.js';
import { spread, type Spread } from '../charts/statistics.js';

export interface ModelCell extends Spread {
  best: boolean;
}
export interface ModelRow {
  setting: Setting;
  weights: { value: number | undefined; learned: boolean }[];
  cells: (ModelCell | undefined)[];
  delta: Spread | undefined;
  done: number;
  planned: number;
}
export interface Model {
  tasks: { name: string; label: string }[];
  columns: { task: string; taskLabel: string; metric: MetricInfo }[];
  rows: ModelRow[];
}

export function comparisonModel(results: SweepResults): Model {
  const columns = results.tasks.flatMap((task) =>
    taskMetrics(results.workload, task).map((metric) => ({
      task,
      taskLabel: taskLabel(results.workload, task),
      metric,
    })),
  );
  const rows = results.settings.map((setting): ModelRow => {
    const trials = results.trials.filter((trial) => trial.settingKey === setting.key);
    const total = Object.values(setting.weights ?? {}).reduce((a, b) => a + b, 0);
    return {
      setting,
      weights: results.tasks.map((task) => {
        if (!setting.tasks.includes(task)) return { value: undefined, learned: false };
        if (setting.weights !== null) return { value: ((setting.weights[task] ?? 0) / total) * total, learned: false };
        const final = spread(
          trials.flatMap((trial) =>
            trial.finalWeights.filter((one) => one.task === task).map((one) => one.normalisedWeight),
          ),
        );
        return { value: final?.mean, learned: true };
      }),
      cells: columns.map(({ task, metric }) => {
        const over = spread(
          trials.flatMap((trial) =>
            trial.metrics
              .filter((one) => one.task === task && one.metric === metric.name)
              .map((one) => one.value * metric.scale),
          ),
        );
        return over === undefined ? undefined : { ...over, best: false };
      }),
      delta: undefined,
      done: trials.filter((trial) => trial.state === 'succeeded').length,
      planned: trials.length,
    };
  });
  columns.forEach(({ metric }, column) => {
    const sign = metric.better === 'higher' ? 1 : -1;
    const best = Math.max(...rows.map((row) => sign * (row.cells[column]?.mean ?? -sign * Infinity)));
    for (const row of rows) {
      const cell = row.cells[column];
      if (cell && sign * cell.mean === best) cell.best = true;
    }
  });
  return { tasks: results.tasks.map((name) => ({ name, label: taskLabel(results.workload, name) })), columns, rows };
}
