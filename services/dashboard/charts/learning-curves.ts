import { metricTitle, taskMetricLabel } from '../../shared/compare/metric-names.js';
import type { ChartSection, XyChart } from './spec.js';
import { settingCurve, settingLegend, type SweepChartInput } from './sweep-input.js';

/** Each task's primary validation metric after every epoch, one line per setting. */
export function learningCurves({ comparison, curves }: SweepChartInput): ChartSection | undefined {
  const charts = comparison.columns.flatMap(({ task, metric, primary }): XyChart[] => {
    if (!primary) return [];
    const series = comparison.rows
      .map(({ setting: { key } }) => ({
        key,
        shape: 'line' as const,
        points: settingCurve(
          curves,
          { settingKey: key, split: 'validation', task, metric: metric.name },
          (value) => value * metric.scale,
        ),
      }))
      .filter((one) => one.points.length > 0);
    if (series.length === 0) return [];
    return [
      {
        kind: 'xy',
        id: `learning-${task}`,
        title: taskMetricLabel(comparison, task, metric),
        xLabel: 'Epoch',
        yLabel: metricTitle(metric),
        better: metric.better,
        xRange: undefined,
        logarithmic: false,
        decimals: metric.decimals,
        series,
      },
    ];
  });
  if (charts.length === 0) return undefined;
  const used = new Set(charts.flatMap((chart) => chart.series.map((series) => series.key)));
  const left = comparison.rows.length - used.size;
  return {
    id: 'learning-curves',
    title: 'Learning curves on the validation split',
    explanation: `Mean over the seeds that have reached the epoch; bands are ± one standard deviation.${
      left > 0 ? ` The best settings of each kind; ${left} others are left out, or have not begun.` : ''
    }`,
    legend: settingLegend(comparison).filter((entry) => used.has(entry.key)),
    charts,
  };
}
