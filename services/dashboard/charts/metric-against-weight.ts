import type { Setting, TrialResult } from '../../shared/compare/results.js';
import { axisLabel, taskLabel, taskMetrics } from './metric-names.js';
import type { Chart, ChartPoint, ChartSection, ChartSeries } from './spec.js';
import { legendOf } from './spec.js';
import { spread } from './statistics.js';
import type { SweepChartInput } from './sweep-input.js';

/** Key of the series that all fixed settings share: they are the points of one curve. */
const gridKey = 'grid';
const singleKey = 'single';

/**
 * Each task's primary test metric against the task's weight: the grid as points, learned weightings as levels across
 * it. It is the view in which the cost of a bad weight, and what learning the weights is worth, can be read off
 * (Kendall, Gal & Cipolla 2018, fig. 2).
 */
export function metricAgainstWeight({ results }: SweepChartInput): ChartSection | undefined {
  // With two tasks both charts share an axis, the first task's weight, so that they can be read together.
  const axisTask = results.tasks.length === 2 ? results.tasks[0] : undefined;
  const trials = new Map<string, TrialResult[]>();
  for (const trial of results.trials) {
    if (trial.state !== 'succeeded') continue;
    trials.set(trial.settingKey, [...(trials.get(trial.settingKey) ?? []), trial]);
  }
  const charts = results.tasks.flatMap((task): Chart[] => {
    const metric = taskMetrics(results.workload, task)[0];
    if (metric === undefined) return [];
    const pointOf = (setting: Setting, x: number): ChartPoint | undefined => {
      const values = (trials.get(setting.key) ?? []).flatMap((trial) =>
        trial.metrics.filter((one) => one.task === task && one.metric === metric.name).map((one) => one.value),
      );
      const over = spread(values);
      if (over === undefined) return undefined;
      const y = over.mean * metric.scale;
      const band = over.deviation === undefined ? undefined : over.deviation * metric.scale;
      return {
        x,
        y,
        seeds: over.count,
        note: setting.label,
        ...(band === undefined ? {} : { low: y - band, high: y + band }),
      };
    };
    const axis = axisTask ?? task;
    const pointsOf = (kind: Setting['kind']): ChartPoint[] =>
      results.settings
        .filter((setting) => setting.kind === kind)
        .flatMap((setting) => pointOf(setting, weightShare(setting, axis)) ?? [])
        .sort((a, b) => a.x - b.x);
    const levels = results.settings
      .filter((setting) => setting.kind === 'learned')
      .flatMap((setting): ChartSeries[] => {
        const point = pointOf(setting, 0.5);
        return point === undefined ? [] : [{ key: setting.key, shape: 'level', points: [point] }];
      });
    const grid: ChartSeries = {
      key: gridKey,
      shape: axisTask === undefined ? 'points' : 'line',
      points: pointsOf('fixed'),
    };
    const single: ChartSeries = { key: singleKey, shape: 'points', points: pointsOf('single') };
    const series = [grid, single, ...levels].filter((one) => one.points.length > 0);
    if (series.length === 0) return [];
    return [
      {
        id: `weight-${task}`,
        title: `${taskLabel(results.workload, task)}: ${metric.label}`,
        xLabel: `Weight of ${taskLabel(results.workload, axis).toLowerCase()} (share of the sum)`,
        yLabel: axisLabel(metric),
        better: metric.better,
        xRange: [0, 1],
        logarithmic: false,
        decimals: metric.decimals,
        series,
      },
    ];
  });
  if (charts.length === 0) return undefined;
  const used = new Set(charts.flatMap((chart) => chart.series.map((series) => series.key)));
  const entries = [
    { key: gridKey, label: 'Fixed weights', role: 'fixed' as const },
    { key: singleKey, label: 'Single task', role: 'single' as const },
    ...results.settings
      .filter((setting) => setting.kind === 'learned')
      .map(({ key, label }) => ({ key, label, role: 'learned' as const })),
  ].filter((entry) => used.has(entry.key));
  return {
    id: 'metric-against-weight',
    title: 'Test metric against loss weight',
    explanation:
      'Mean over seeds; bands and bars are ± one standard deviation. Learned weightings are horizontal lines.',
    legend: legendOf(entries),
    charts,
  };
}

/** A task's share of a setting's weights. */
function weightShare(setting: Setting, task: string): number {
  const weights = setting.weights ?? {};
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  return sum === 0 ? 0 : (weights[task] ?? 0) / sum;
}
