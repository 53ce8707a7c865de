import { describe, expect, it } from 'vitest';
import { lookOf } from '../../services/dashboard/charts/looks.js';
import { chartSections } from '../../services/dashboard/charts/registry.js';
import { curvesByName } from '../../services/dashboard/charts/sweep-input.js';
import { legendOf, type ChartSection, type XyChart } from '../../services/dashboard/charts/spec.js';
import { trialChartSections } from '../../services/dashboard/charts/trial-charts.js';
import { compareSweep } from '../../services/shared/compare/comparison.js';
import type { Setting, SweepResults, TrialResult } from '../../services/shared/compare/results.js';

const tasks = ['semantic', 'depth'];

/** The charts of a section that have series over two axes. */
function seriesCharts(section: ChartSection | undefined): XyChart[] {
  return (section?.charts ?? []).filter((chart) => chart.kind === 'xy');
}

function setting(key: string, kind: Setting['kind'], weights: Record<string, number> | null, trained = tasks): Setting {
  return {
    key,
    position: 0,
    label: key,
    kind,
    method: kind === 'learned' ? 'uncertainty' : 'fixed',
    tasks: trained,
    weights,
    note: null,
  };
}

function trial(settingKey: string, seed: number, iou: number | undefined, depth: number | undefined): TrialResult {
  const metrics = [
    ...(iou === undefined ? [] : [{ task: 'semantic', metric: 'meanIoU', value: iou }]),
    ...(depth === undefined ? [] : [{ task: 'depth', metric: 'meanError', value: depth }]),
  ];
  return {
    trialId: `${settingKey}-${seed}`,
    settingKey,
    label: '',
    seed,
    state: 'succeeded',
    metrics,
    finalWeights: [],
  };
}

const results: SweepResults = {
  sweepId: 'sweep-1',
  name: '',
  workload: 'street-scenes',
  tasks,
  state: 'completed',
  settings: [
    setting('only-semantic', 'single', { semantic: 1, depth: 0 }, ['semantic']),
    setting('relative', 'fixed', { semantic: 9, depth: 1 }),
    setting('even', 'fixed', { semantic: 0.5, depth: 0.5 }),
    setting('learned', 'learned', null),
    setting('untrained', 'fixed', { semantic: 0.2, depth: 0.8 }),
  ],
  trials: [
    trial('only-semantic', 1, 0.594, undefined),
    trial('relative', 1, 0.6, 0.58),
    trial('relative', 2, 0.62, 0.6),
    trial('even', 1, 0.55, 0.61),
    trial('learned', 1, 0.627, 0.533),
    { ...trial('untrained', 1, 0.9, 0.1), state: 'failed' },
  ],
};

describe('the test metric against the weight', () => {
  it('marks weights that come from other rows at their own place, under their own name', () => {
    const derived = {
      ...trial('approx-optimal', 1, 0.62, 0.55),
      finalWeights: [
        { task: 'semantic', weight: 0.8, normalisedWeight: 0.8, variance: null },
        { task: 'depth', weight: 0.2, normalisedWeight: 0.2, variance: null },
      ],
    };
    const section = chartSections({
      comparison: compareSweep({
        ...results,
        settings: [...results.settings, setting('approx-optimal', 'fixed', null)],
        trials: [...results.trials, derived],
      }),
      curves: new Map(),
      times: [],
      options: new Map(),
    }).find(({ id }) => id === 'metric-against-weight');
    expect(section?.legend).toContainEqual(expect.objectContaining({ key: 'approx-optimal', label: 'approx-optimal' }));
    const [chart] = seriesCharts(section);
    const own = chart?.series.find(({ key }) => key === 'approx-optimal');
    expect(own).toMatchObject({ shape: 'points', points: [{ x: 0.8, note: 'approx-optimal' }] });
    const grid = chart?.series.find(({ key }) => key === 'grid');
    expect(grid?.points.map(({ note }) => note)).not.toContain('approx-optimal');
  });
});

describe('calibration of a trial', () => {
  it('is drawn beside the diagonal: quantiles of a regression, bins of classes', () => {
    const points = [
      ['depth', 'calibration:quantile:0.5', 0.4],
      ['depth', 'calibration:quantile:0.05', 0.1],
      ['semantic', 'calibration:bin:14:count', 30],
      ['semantic', 'calibration:bin:14:confidence', 0.97],
      ['semantic', 'calibration:bin:14:accuracy', 0.9],
      ['semantic', 'calibration:bin:3:count', 10],
      ['semantic', 'calibration:bin:3:confidence', 0.25],
      ['semantic', 'calibration:bin:3:accuracy', 0.2],
    ] as const;
    const metrics = points.map(([task, metric, value]) => ({ epoch: 3, split: 'test', task, metric, value }));
    const sections = trialChartSections({ workload: 'street-scenes', tasks, learned: false, metrics });
    const charts = seriesCharts(sections.find(({ id }) => id === 'trial-calibration'));
    const drawn = charts.map(({ series }) =>
      series.map(({ key, points: some }) => [key, some.map(({ x, y }) => [x, y])]),
    );
    const diagonal = [
      'perfect',
      [
        [0, 0],
        [1, 1],
      ],
    ];
    expect(drawn).toEqual([
      [
        diagonal,
        [
          'semantic',
          [
            [0.25, 0.2],
            [0.97, 0.9],
          ],
        ],
      ],
      [
        diagonal,
        [
          'depth',
          [
            [0.05, 0.1],
            [0.5, 0.4],
          ],
        ],
      ],
    ]);
    expect(charts[0]?.series[1]?.points.map(({ note }) => note)).toEqual([
      'Semantic class, 25.0 % of predictions',
      'Semantic class, 75.0 % of predictions',
    ]);
  });
});

describe('charts of a sweep', () => {
  const section = chartSections({
    comparison: compareSweep(results),
    curves: new Map(),
    options: new Map(),
    times: [],
  }).find((one) => one.id === 'metric-against-weight');
  const charts = seriesCharts(section);

  it('puts the grid in weight order on the first task’s axis, weights as shares of their sum', () => {
    const [iou, depth] = charts;
    expect(charts.map((chart) => chart.better)).toEqual(['higher', 'lower']);
    const grid = iou?.series.find((series) => series.key === 'grid');
    expect(grid?.shape).toBe('line');
    expect(grid?.points.map((point) => [point.x, Number(point.y.toFixed(6))])).toEqual([
      [0.5, 55],
      [0.9, 61],
    ]);
    expect(depth?.series.find((series) => series.key === 'grid')?.points.map((point) => point.x)).toEqual([0.5, 0.9]);
  });

  it('shows the spread over seeds, and none for one seed', () => {
    const [even, relative] = charts[0]?.series.find((series) => series.key === 'grid')?.points ?? [];
    expect(even?.low).toBeUndefined();
    // Two values 60 and 62: the sample standard deviation is √2.
    expect(relative?.high).toBeCloseTo(61 + Math.SQRT2, 9);
    expect(relative?.low).toBeCloseTo(61 - Math.SQRT2, 9);
  });

  it('draws a learned weighting as a level of its own and a single task as a point', () => {
    const series = charts[0]?.series ?? [];
    expect(series.find((one) => one.key === 'learned')).toMatchObject({ shape: 'level', points: [{ y: 62.7 }] });
    expect(series.find((one) => one.key === 'single')?.points).toMatchObject([{ x: 1, y: 59.4 }]);
    expect(charts[1]?.series.find((one) => one.key === 'single')).toBeUndefined();
  });

  it('leaves out what has not succeeded', () => {
    expect(charts[0]?.series.flatMap((one) => one.points.map((point) => point.x))).not.toContain(0.2);
  });

  it('has no section without numbers', () => {
    expect(
      chartSections({
        comparison: compareSweep({ ...results, trials: [] }),
        curves: new Map(),
        options: new Map(),
        times: [],
      }),
    ).toEqual([]);
  });

  it('makes curves per setting and a section per learned setting', () => {
    const point = {
      split: 'validation',
      task: 'semantic',
      metric: 'meanIoU',
      epochs: [1],
      means: [0.5],
      deviations: [0.25],
      seeds: [3],
    };
    const variance = {
      split: 'train',
      task: 'depth',
      metric: 'variance',
      epochs: [1],
      means: [0.25],
      deviations: [0.3],
      seeds: [3],
    };
    const sections = chartSections({
      comparison: compareSweep({ ...results, trials: [] }),
      curves: curvesByName([
        { ...point, settingKey: 'even' },
        { ...variance, settingKey: 'learned' },
      ]),
      options: new Map(),
      times: [],
    });
    expect(sections.map((one) => one.id)).toEqual(['learning-curves', 'learned-0']);
    expect(sections[0]?.legend.map((entry) => entry.key)).toEqual(['even']);
    expect(seriesCharts(sections[0])[0]?.series[0]?.points[0]).toMatchObject({
      x: 1,
      y: 50,
      low: 25,
      high: 75,
      seeds: 3,
    });
    const sigma = seriesCharts(sections[1]).find((chart) => chart.title.endsWith('σ'));
    // σ is drawn from σ²; a band that would reach below zero is cut at the curve.
    expect(sigma?.series[0]?.points[0]).toMatchObject({ y: 0.5, low: 0.5 });
  });
});

describe('charts of a trial', () => {
  const metrics = [
    { epoch: 1, split: 'validation', task: 'depth', metric: 'meanError', value: 0.7 },
    { epoch: 1, split: 'train', task: 'depth', metric: 'loss', value: 0.3 },
    { epoch: 1, split: 'train', task: 'depth', metric: 'variance', value: 0.49 },
  ];

  it('shows weights only where they are learned', () => {
    const make = (learned: boolean) =>
      trialChartSections({ workload: 'street-scenes', tasks: ['depth'], learned, metrics });
    expect(make(false).map((one) => one.id)).toEqual(['trial-validation']);
    expect(make(true).map((one) => one.id)).toEqual(['trial-validation', 'trial-weights']);
    expect(seriesCharts(make(true)[1]).map((chart) => chart.series[0]?.points[0]?.y)).toEqual([0.7]);
  });

  it('survives a workload that this version does not know', () => {
    const sections = trialChartSections({ workload: 'from-the-future', tasks: ['depth'], learned: false, metrics });
    expect(sections.flatMap((one) => one.charts.map((chart) => chart.id))).toEqual(['train-loss']);
  });
});

describe('looks of series', () => {
  it.each([false, true])('gives the series of a section looks of their own (dark: %s)', (dark) => {
    const legend = legendOf([
      ...Array.from({ length: 9 }, (_, rank) => ({ key: `f${rank}`, label: '', role: 'fixed' as const })),
      { key: 'l', label: '', role: 'learned' as const },
      { key: 's', label: '', role: 'single' as const },
    ]);
    const looks = legend.map((entry) => lookOf(entry, dark)).map(({ colour, dash }) => `${colour} ${dash.join()}`);
    expect(new Set(looks).size).toBe(legend.length);
  });
});
