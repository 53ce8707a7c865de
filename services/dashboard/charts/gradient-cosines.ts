import { taskLabel } from '../../shared/compare/metric-names.js';
import { cosineMetric, taskPairs } from '../../shared/messages/gradient-cosines.js';
import { legendOf, type ChartSection, type XyChart } from './spec.js';
import { settingCurve, type SweepChartInput } from './sweep-input.js';

/** For each two tasks the angle between their gradients over epochs, a line for each setting that reports it. */
export function gradientCosines({ comparison, curves }: SweepChartInput): ChartSection | undefined {
  const { rows, tasks } = comparison;
  const charts = taskPairs(tasks.map(({ name }) => name)).flatMap(([task, other]): XyChart[] => {
    const series = rows
      .map(({ setting: { key } }) => ({
        key,
        shape: 'line' as const,
        points: settingCurve(curves, { settingKey: key, split: 'train', task, metric: cosineMetric(other) }),
      }))
      .filter(({ points }) => points.length > 0);
    if (series.length === 0) return [];
    return [
      {
        kind: 'xy',
        id: `cosine-${task}-${other}`,
        title: `${taskLabel(comparison, task)} and ${taskLabel(comparison, other).toLowerCase()}`,
        xLabel: 'Epoch',
        yLabel: 'Cosine of the angle',
        better: undefined,
        xRange: undefined,
        yRange: [-1, 1],
        logarithmic: false,
        decimals: 3,
        series,
      },
    ];
  });
  if (charts.length === 0) return undefined;
  const used = new Set(charts.flatMap((chart) => chart.series.map(({ key }) => key)));
  return {
    id: 'gradient-cosines',
    title: 'Angle between the tasks’ gradients',
    explanation:
      'Mean over the steps of an epoch and over seeds; bands are ± one standard deviation. 1: the tasks want the same of the ' +
      'shared part, 0: they do not touch each other, below 0: they pull against each other. Weightings of gradients report it, ' +
      'of the gradients that they combine.',
    legend: legendOf(
      rows
        .filter(({ setting }) => used.has(setting.key))
        .map(({ name, setting: { key, kind } }) => ({ key, label: name, role: kind })),
    ),
    charts,
  };
}
