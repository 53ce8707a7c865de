import type { MetricInfo } from '../../shared/catalog/metrics.js';
import { weightingMetrics } from '../../shared/messages/reports.js';
import { calibrationCharts } from './calibration.js';
import { drawable, weightingQuantities } from './learned-weights.js';
import { metricTitle, taskLabel, taskMetricLabel, taskMetrics } from '../../shared/compare/metric-names.js';
import { legendOf, type ChartPoint, type ChartSection, type ChartSeries, type XyChart } from './spec.js';

export interface TrialChartInput {
  readonly workload: string;
  readonly data?: unknown;
  readonly tasks: readonly string[];
  /** Weights that never move are not worth a chart. */
  readonly learned: boolean;
  readonly metrics: readonly {
    readonly epoch: number;
    readonly split: string;
    readonly task: string;
    readonly metric: string;
    readonly value: number;
  }[];
}

const epochChart = { kind: 'xy', xLabel: 'Epoch', xRange: undefined } as const;

/** The charts of one attempt: validation metrics, training losses and, where there are any, weights and calibration. */
export function trialChartSections(input: TrialChartInput): ChartSection[] {
  const curve = (split: string, task: string, metric: string, show: (value: number) => number): ChartPoint[] =>
    input.metrics
      .filter((one) => one.split === split && one.task === task && one.metric === metric)
      .map((one) => ({ x: one.epoch, y: show(one.value) }));
  const perTask = (points: (task: string) => ChartPoint[]): ChartSeries[] =>
    input.tasks
      .map((task) => ({ key: task, shape: 'line' as const, points: points(task) }))
      .filter((series) => series.points.length > 0);

  const validation = input.tasks.flatMap((task): XyChart[] =>
    taskMetrics(input, task).flatMap((metric: MetricInfo): XyChart[] => {
      const points = curve('validation', task, metric.name, (value) => value * metric.scale);
      if (points.length === 0) return [];
      return [
        {
          ...epochChart,
          id: `validation-${task}-${metric.name}`,
          title: taskMetricLabel(input, task, metric),
          yLabel: metricTitle(metric),
          better: metric.better,
          logarithmic: false,
          decimals: metric.decimals,
          series: [{ key: task, shape: 'line', points }],
        },
      ];
    }),
  );
  const losses = perTask((task) =>
    drawable(
      curve('train', task, weightingMetrics.loss, (value) => value),
      true,
    ),
  );
  const loss: XyChart = {
    ...epochChart,
    id: 'train-loss',
    title: 'Training loss, unweighted',
    yLabel: 'Loss',
    better: 'lower',
    logarithmic: true,
    decimals: 4,
    series: losses,
  };
  const weights = input.learned
    ? weightingQuantities.map((quantity): XyChart => ({
        ...epochChart,
        id: `weighting-${quantity.id}`,
        title: quantity.title,
        yLabel: quantity.yLabel,
        better: undefined,
        logarithmic: quantity.logarithmic,
        decimals: quantity.decimals,
        series: perTask((task) => drawable(curve('train', task, quantity.metric, quantity.show), quantity.logarithmic)),
      }))
    : [];
  const legend = legendOf(
    input.tasks.map((task) => ({ key: task, label: taskLabel(input, task), role: 'task' as const })),
  );
  const sections: ChartSection[] = [
    {
      id: 'trial-validation',
      title: 'Learning curves',
      explanation: 'Metrics on the validation split and the training losses after every epoch.',
      legend,
      charts: [...validation, loss].filter((chart) => chart.series.length > 0),
    },
    {
      id: 'trial-weights',
      title: 'Learned weights',
      explanation: 'The factor of each loss, its share of the sum, and the uncertainty that it comes from.',
      legend,
      charts: weights.filter((chart) => chart.series.length > 0),
    },
  ];
  return [...sections.filter((section) => section.charts.length > 0), ...calibrationCharts(input)];
}
