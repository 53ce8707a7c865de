import type { ComparisonRow } from '../../shared/compare/comparison.js';
import { metricTitle, taskLabel, taskMetricLabel } from '../../shared/compare/metric-names.js';
import { deltaDecimals } from '../../shared/compare/number-forms.js';
import type { Spread } from '../../shared/compare/statistics.js';
import { weightingMetrics } from '../../shared/messages/reports.js';
import { legendOf, type ChartSection, type Shares, type TernaryChart, type TernaryPoint } from './spec.js';
import { settingCurve, type SweepChartInput } from './sweep-input.js';

/** Fewer points span no surface. */
const fewestPoints = 3;

/** Shares of the sum; undefined where all weights are 0. */
export function sharesOf(weights: readonly number[]): Shares | undefined {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const [first = 0, second = 0, third = 0] = weights;
  return sum > 0 ? [first / sum, second / sum, third / sum] : undefined;
}

/**
 * Three tasks: each primary test metric, and Δm, over the triangle of fixed weights, with the ways that learned weights
 * take through it during training.
 */
export function responseSurface({ comparison, curves }: SweepChartInput): ChartSection | undefined {
  const { rows, tasks } = comparison;
  const [first, second, third] = tasks.map(({ name }) => name);
  if (first === undefined || second === undefined || third === undefined || tasks.length !== 3) return undefined;
  const names = [first, second, third] as const;

  const paths = rows
    .filter(({ setting }) => setting.kind === 'learned' && setting.tasks.length === 3)
    .flatMap((row) => {
      const shares = pathOf(row, curves, names);
      return shares.length === 0 ? [] : [{ key: row.setting.key, shares }];
    });
  const pointsOf = (valueOf: (row: ComparisonRow) => Spread | undefined, scale: number): TernaryPoint[] =>
    rows.flatMap((row): TernaryPoint[] => {
      const { weights } = row.setting;
      const value = valueOf(row);
      const shares = weights === null ? undefined : sharesOf(names.map((name) => weights[name] ?? 0));
      if (shares === undefined || value === undefined) return [];
      return [
        {
          shares,
          value: value.mean * scale,
          ...(value.deviation === undefined ? {} : { deviation: value.deviation * scale }),
          seeds: value.count,
          note: row.name,
        },
      ];
    });
  const corners = [taskLabel(comparison, first), taskLabel(comparison, second), taskLabel(comparison, third)] as const;
  const metricCharts = comparison.columns.flatMap(({ task, metric, primary }, column): TernaryChart[] => {
    if (!primary) return [];
    return [
      {
        kind: 'ternary',
        id: `surface-${task}`,
        title: taskMetricLabel(comparison, task, metric),
        valueLabel: metricTitle(metric),
        better: metric.better,
        decimals: metric.decimals,
        corners,
        points: pointsOf((row) => row.cells[column]?.spread, metric.scale),
        paths,
      },
    ];
  });
  const delta: TernaryChart = {
    kind: 'ternary',
    id: 'surface-delta',
    title: 'Δm against single-task networks',
    valueLabel: 'Δm [%]',
    better: 'higher',
    decimals: deltaDecimals,
    corners,
    // A mean over some of the tasks does not compare with one over all.
    points: pointsOf((row) => (row.setting.tasks.length === 3 ? row.delta?.total : undefined), 1),
    paths,
  };
  const charts = [...metricCharts, delta].filter(({ points }) => points.length >= fewestPoints);
  if (charts.length === 0) return undefined;
  const learned = new Set(paths.map(({ key }) => key));
  return {
    id: 'response-surface',
    title: 'Response surface over the three weights',
    explanation:
      'Dots are the fixed settings with their mean over seeds; between them the value is interpolated linearly, outside nothing is known. ' +
      'Lines are learned weights during training, mean over seeds, from the ring to the mark.',
    legend: legendOf(
      rows
        .filter(({ setting }) => learned.has(setting.key))
        .map(({ name, setting: { key } }) => ({ key, label: name, role: 'learned' as const })),
    ),
    charts,
  };
}

/** The shares of a learned setting after each epoch that all three were reported for. */
function pathOf(row: ComparisonRow, curves: SweepChartInput['curves'], tasks: readonly string[]): Shares[] {
  const byTask = tasks.map(
    (task) =>
      new Map(
        settingCurve(curves, {
          settingKey: row.setting.key,
          split: 'train',
          task,
          metric: weightingMetrics.normalisedWeight,
        }).map(({ x, y }) => [x, y]),
      ),
  );
  return [...(byTask[0]?.keys() ?? [])].flatMap((epoch): Shares[] => {
    const weights = byTask.flatMap((values) => values.get(epoch) ?? []);
    const shares = weights.length === 3 ? sharesOf(weights) : undefined;
    return shares === undefined ? [] : [shares];
  });
}
