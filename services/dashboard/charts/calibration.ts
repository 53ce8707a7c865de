import type { TaskSource } from '../../shared/catalog/workloads.js';
import { calibrationOf } from '../../shared/messages/calibration-points.js';
import { taskLabel } from '../../shared/compare/metric-names.js';
import { legendOf, type ChartPoint, type ChartSection, type XyChart } from './spec.js';

const perfectKey = 'perfect';

export interface CalibrationInput extends TaskSource {
  readonly tasks: readonly string[];
  readonly metrics: readonly {
    readonly split: string;
    readonly task: string;
    readonly metric: string;
    readonly value: number;
  }[];
}

/**
 * How far a trial's predictions keep what they promise on the test split: of a regression how often the truth is below
 * each quantile of its predicted distribution (Kuleshov, Fenner & Ermon 2018); of classes the share that is right against
 * the probability that was promised, the reliability diagram (Guo et al. 2017, fig. 1).
 */
export function calibrationCharts(input: CalibrationInput): ChartSection[] {
  const charts = input.tasks.flatMap((task): XyChart[] => {
    const { quantiles, bins } = calibrationOf(input.metrics.filter((one) => one.task === task && one.split === 'test'));
    const label = taskLabel(input, task);
    if (quantiles.length > 0) {
      const points = quantiles.map(({ level, observed }) => ({ x: level, y: observed }));
      return [
        chartOf(task, points, {
          title: `${label}: calibration`,
          xLabel: 'Level of the predicted quantile',
          yLabel: 'Share of truths below it',
        }),
      ];
    }
    const all = bins.reduce((sum, { count }) => sum + count, 0);
    if (all === 0) return [];
    const points = bins.map(({ confidence, accuracy, count }) => {
      return { x: confidence, y: accuracy, note: `${label}, ${((100 * count) / all).toFixed(1)} % of predictions` };
    });
    return [
      chartOf(task, points, {
        title: `${label}: reliability`,
        xLabel: 'Probability of the predicted class',
        yLabel: 'Share that is right',
      }),
    ];
  });
  if (charts.length === 0) return [];
  return [
    {
      id: 'trial-calibration',
      title: 'Calibration',
      explanation:
        'On the test split after the last epoch. On the diagonal predictions keep what they promise. Classes below it are predicted with too much confidence; a curve of quantiles that is flatter than it shows predicted deviations that are too small, a steeper one deviations that are too large.',
      legend: legendOf([
        ...input.tasks.map((task) => ({ key: task, label: taskLabel(input, task), role: 'task' as const })),
        { key: perfectKey, label: 'Perfect calibration', role: 'single' as const },
      ]),
      charts,
    },
  ];
}

function chartOf(
  task: string,
  points: readonly ChartPoint[],
  texts: Pick<XyChart, 'title' | 'xLabel' | 'yLabel'>,
): XyChart {
  return {
    kind: 'xy',
    id: `calibration-${task}`,
    ...texts,
    better: undefined,
    xRange: [0, 1],
    yRange: [0, 1],
    logarithmic: false,
    decimals: 3,
    series: [
      {
        key: perfectKey,
        shape: 'outline',
        points: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      },
      { key: task, shape: 'line', points },
    ],
  };
}
