import { weightingMetrics } from '../../shared/messages/reports.js';
import { taskLabel } from '../../shared/compare/metric-names.js';
import { legendOf, type Chart, type ChartPoint, type ChartSection } from './spec.js';
import { settingCurve, type SweepChartInput } from './sweep-input.js';

/** A quantity of the weighting that is worth a chart: where it comes from and how it is shown. */
export interface WeightingQuantity {
  readonly id: string;
  readonly title: string;
  readonly yLabel: string;
  readonly metric: string;
  readonly show: (value: number) => number;
  readonly logarithmic: boolean;
  readonly decimals: number;
}

/** Positive and of several orders of magnitude are drawn on a logarithmic axis; shares are not. */
export const weightingQuantities: readonly WeightingQuantity[] = [
  {
    id: 'share',
    title: 'Weight, normalised',
    yLabel: 'Share of the sum',
    metric: weightingMetrics.normalisedWeight,
    show: (value) => value,
    logarithmic: false,
    decimals: 3,
  },
  {
    id: 'weight',
    title: 'Weight, effective',
    yLabel: 'Factor of the loss',
    metric: weightingMetrics.weight,
    show: (value) => value,
    logarithmic: true,
    decimals: 3,
  },
  {
    id: 'sigma',
    title: 'Task uncertainty σ',
    yLabel: 'σ',
    metric: weightingMetrics.variance,
    show: (value) => Math.sqrt(Math.max(0, value)),
    logarithmic: true,
    decimals: 4,
  },
];

/** A band may not reach zero or below on a logarithmic axis. */
export function drawable(points: readonly ChartPoint[], logarithmic: boolean): ChartPoint[] {
  if (!logarithmic) return [...points];
  return points
    .filter((point) => point.y > 0)
    .map((point) => (point.low !== undefined && point.low <= 0 ? { ...point, low: point.y } : point));
}

/** How learned weights and uncertainties move during training: a section per learned setting, a line per task. */
export function learnedWeights({ comparison, curves }: SweepChartInput): ChartSection[] {
  return comparison.rows
    .filter(({ setting }) => setting.kind === 'learned')
    .flatMap(({ setting, name }, place): ChartSection[] => {
      const charts = weightingQuantities.flatMap((quantity): Chart[] => {
        const series = setting.tasks
          .map((task) => ({
            key: task,
            shape: 'line' as const,
            points: drawable(
              settingCurve(
                curves,
                { settingKey: setting.key, split: 'train', task, metric: quantity.metric },
                quantity.show,
              ),
              quantity.logarithmic,
            ),
          }))
          .filter((one) => one.points.length > 0);
        if (series.length === 0) return [];
        return [
          {
            kind: 'xy',
            id: `learned-${place}-${quantity.id}`,
            title: quantity.title,
            xLabel: 'Epoch',
            yLabel: quantity.yLabel,
            better: undefined,
            xRange: undefined,
            logarithmic: quantity.logarithmic,
            decimals: quantity.decimals,
            series,
          },
        ];
      });
      if (charts.length === 0) return [];
      return [
        {
          id: `learned-${place}`,
          title: `Learned weights: ${name}`,
          explanation: 'One line per task, mean over seeds; bands are ± one standard deviation.',
          legend: legendOf(
            setting.tasks.map((task) => ({
              key: task,
              label: taskLabel(comparison, task),
              role: 'task' as const,
            })),
          ),
          charts,
        },
      ];
    });
}
