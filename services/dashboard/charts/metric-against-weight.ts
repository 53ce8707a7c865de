import type { ComparisonRow } from '../../shared/compare/comparison.js';
import type { Setting } from '../../shared/compare/results.js';
import { metricTitle, taskLabel, taskMetricLabel } from '../../shared/compare/metric-names.js';
import type { ChartPoint, ChartSection, ChartSeries, XyChart } from './spec.js';
import { legendOf } from './spec.js';
import type { SweepChartInput } from './sweep-input.js';

/** Keys of the series that all fixed settings of an architecture share: they are the points of one curve. */
const gridKey = (model: string): string => `grid${model === '' ? '' : `:${model}`}`;
const singleKey = 'single';

/**
 * Each task's primary test metric against the task's weight: the grid as points, learned weightings as levels across
 * it. It is the view in which the cost of a bad weight, and what learning the weights is worth, can be read off
 * (Kendall, Gal & Cipolla 2018, fig. 2).
 */
export function metricAgainstWeight({ comparison }: SweepChartInput): ChartSection | undefined {
  const { rows, tasks } = comparison;
  // With two tasks both charts share an axis, the first task's weight, so that they can be read together.
  const axisTask = tasks.length === 2 ? tasks[0]?.name : undefined;
  const models = [
    ...new Set(
      rows
        .filter(({ setting }) => setting.kind === 'fixed' && !isDerived(setting))
        .map(({ setting }) => modelOf(setting)),
    ),
  ];
  const charts = comparison.columns.flatMap(({ task, metric, primary }, column): XyChart[] => {
    if (!primary) return [];
    const pointOf = (row: ComparisonRow, x: number): ChartPoint[] => {
      const over = row.cells[column]?.spread;
      if (over === undefined) return [];
      const y = over.mean * metric.scale;
      const band = over.deviation === undefined ? undefined : over.deviation * metric.scale;
      return [
        {
          x,
          y,
          seeds: over.count,
          note: row.name,
          ...(band === undefined ? {} : { low: y - band, high: y + band }),
        },
      ];
    };
    const axis = axisTask ?? task;
    const pointsOf = (kind: Setting['kind'], model?: string): ChartPoint[] =>
      rows
        .filter(
          ({ setting }) =>
            setting.kind === kind && !isDerived(setting) && (model === undefined || modelOf(setting) === model),
        )
        .flatMap((row) => pointOf(row, weightShare(row.setting, axis)))
        .sort((a, b) => a.x - b.x);
    const levels = rows
      .filter(({ setting }) => setting.kind === 'learned')
      .map((row): ChartSeries => ({ key: row.setting.key, shape: 'level', points: pointOf(row, 0.5) }));
    // Weights that come from other rows are no points of the grid, and may differ from seed to seed.
    const derived = rows
      .filter(({ setting }) => isDerived(setting))
      .map((row): ChartSeries => {
        const share = row.weights.find(({ task: of }) => of === axis)?.learned?.normalised.mean;
        return { key: row.setting.key, shape: 'points', points: share === undefined ? [] : pointOf(row, share) };
      });
    const grids = models.map((model): ChartSeries => ({
      key: gridKey(model),
      shape: axisTask === undefined ? 'points' : 'line',
      points: pointsOf('fixed', model),
    }));
    const single: ChartSeries = { key: singleKey, shape: 'points', points: pointsOf('single') };
    const series = [...grids, single, ...levels, ...derived].filter((one) => one.points.length > 0);
    if (series.length === 0) return [];
    return [
      {
        kind: 'xy',
        id: `weight-${task}`,
        title: taskMetricLabel(comparison, task, metric),
        xLabel: `Weight of ${taskLabel(comparison, axis).toLowerCase()} (share of the sum)`,
        yLabel: metricTitle(metric),
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
    ...models.map((model) => ({
      key: gridKey(model),
      label: model === '' ? 'Fixed weights' : `Fixed weights, ${model}`,
      role: 'fixed' as const,
    })),
    { key: singleKey, label: 'Single task', role: 'single' as const },
    ...rows
      .filter(({ setting }) => setting.kind === 'learned' || isDerived(setting))
      .map(({ name, setting: { key } }) => ({ key, label: name, role: 'learned' as const })),
  ].filter((entry) => used.has(entry.key));
  return {
    id: 'metric-against-weight',
    title: 'Test metric against loss weight',
    explanation:
      'Mean over seeds; bands and bars are ± one standard deviation. Learned weightings are horizontal lines; weights that come from other rows have a mark of their own.',
    legend: legendOf(entries),
    charts,
  };
}

/** Whether its weights come from other rows. */
function isDerived({ kind, weights }: Setting): boolean {
  return kind === 'fixed' && weights === null;
}

/** An architecture's name; '' where there is only one. */
function modelOf({ model }: Setting): string {
  return model ?? '';
}

/** A task's share of a setting's weights. */
function weightShare(setting: Setting, task: string): number {
  const weights = setting.weights ?? {};
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  return sum === 0 ? 0 : (weights[task] ?? 0) / sum;
}
