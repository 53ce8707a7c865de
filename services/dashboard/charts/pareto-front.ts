import type { ComparisonRow } from '../../shared/compare/comparison.js';
import { metricTitle, taskLabel } from '../../shared/compare/metric-names.js';
import type { ChartPoint, ChartSection, ChartSeries, XyChart } from './spec.js';
import { legendOf } from './spec.js';
import type { SweepChartInput } from './sweep-input.js';

const gridKey = 'grid';
const singleKey = 'single';
const frontKey = 'front';

/** A setting's goods, larger is better; undefined for a task that it does not train. */
export type Goods = readonly (number | undefined)[];

/**
 * Whether another setting is at least as good in everything that this one does, and better in something. One that does
 * not do all of it is no replacement.
 */
export function isDominated(goods: Goods, others: readonly Goods[]): boolean {
  return others.some((other) => {
    let better = false;
    for (const [place, good] of goods.entries()) {
      if (good === undefined) continue;
      const its = other[place];
      if (its === undefined || its < good) return false;
      if (its > good) better = true;
    }
    return better;
  });
}

/**
 * The border of what is attained in a plane, as corners of a staircase through the front's points.
 * @param xBetter which direction of x is good
 */
export function staircase(
  front: readonly { readonly x: number; readonly y: number }[],
  xBetter: 'higher' | 'lower',
): { x: number; y: number }[] {
  const sorted = [...front].sort((a, b) => a.x - b.x);
  return sorted.flatMap((point, place) => {
    const next = sorted[place + 1];
    const here = { x: point.x, y: point.y };
    if (next === undefined) return [here];
    return [here, xBetter === 'higher' ? { x: point.x, y: next.y } : { x: next.x, y: point.y }];
  });
}

/**
 * Each pair of tasks' primary test metrics against each other: which settings no other one beats in everything, and
 * whether any of them beats the single-task networks on both sides.
 */
export function paretoFront({ comparison }: SweepChartInput): ChartSection | undefined {
  const { rows, tasks } = comparison;
  const columns = comparison.columns.flatMap(({ task, metric, primary }, place) =>
    primary ? [{ task, metric, place }] : [],
  );
  const shared = rows.filter(({ setting }) => setting.kind !== 'single');
  const goodsOf = (row: ComparisonRow): Goods =>
    columns.map(({ metric, place }) => {
      const mean = row.cells[place]?.spread?.mean;
      return mean === undefined ? undefined : metric.better === 'higher' ? mean : -mean;
    });
  const measured = shared.map((row) => ({ row, goods: goodsOf(row) }));
  const dominated = new Set(
    measured
      .filter(({ goods }) =>
        isDominated(
          goods,
          measured.filter((other) => other.goods !== goods).map((one) => one.goods),
        ),
      )
      .map(({ row }) => row.setting.key),
  );
  const charts = columns.flatMap((across, first) =>
    columns.slice(first + 1).flatMap((up): XyChart[] => {
      const pointOf = (row: ComparisonRow): ChartPoint[] => {
        const [x, y] = [row.cells[across.place]?.spread, row.cells[up.place]?.spread];
        if (x === undefined || y === undefined) return [];
        const { scale } = up.metric;
        return [
          {
            x: x.mean * across.metric.scale,
            y: y.mean * scale,
            seeds: y.count,
            note: row.name,
            ...(y.deviation === undefined
              ? {}
              : { low: (y.mean - y.deviation) * scale, high: (y.mean + y.deviation) * scale }),
            ...(dominated.has(row.setting.key) ? { faded: true } : {}),
          },
        ];
      };
      const of = (kind: 'fixed' | 'learned'): ComparisonRow[] => shared.filter(({ setting }) => setting.kind === kind);
      const front = shared.filter(({ setting }) => !dominated.has(setting.key)).flatMap(pointOf);
      // Several where the networks differ in their encoders: each has a single-task network of its own.
      const alone = (shape: 'upright' | 'level', task: string, scale: number): ChartSeries[] =>
        [...comparison.baselines.values()]
          .filter((baseline) => baseline.task === task)
          .map(({ spread: { mean } }) => ({
            key: singleKey,
            shape,
            points: [{ x: mean * scale, y: mean * scale, note: 'Single task' }],
          }));
      const series: ChartSeries[] = [
        ...alone('upright', across.task, across.metric.scale),
        ...alone('level', up.task, up.metric.scale),
        // In more dimensions than two the front is no line of this plane.
        ...(tasks.length === 2
          ? [{ key: frontKey, shape: 'outline' as const, points: staircase(front, across.metric.better) }]
          : []),
        { key: gridKey, shape: 'points' as const, points: of('fixed').flatMap(pointOf) },
        ...of('learned').map((row) => ({
          key: row.setting.key,
          shape: 'points' as const,
          points: pointOf(row),
        })),
      ].filter((one) => one.points.length > 0);
      if (!series.some(({ shape }) => shape === 'points')) return [];
      const [xName, yName] = [across, up].map(({ task }) => taskLabel(comparison, task));
      return [
        {
          kind: 'xy',
          id: `pareto-${across.task}-${up.task}`,
          title: `${xName} against ${(yName ?? '').toLowerCase()}`,
          xLabel: `${xName}: ${metricTitle(across.metric)}`,
          yLabel: `${yName}: ${metricTitle(up.metric)}`,
          better: up.metric.better,
          xBetter: across.metric.better,
          xDecimals: across.metric.decimals,
          xRange: undefined,
          logarithmic: false,
          decimals: up.metric.decimals,
          series,
        },
      ];
    }),
  );
  if (charts.length === 0) return undefined;
  const used = new Set(charts.flatMap((chart) => chart.series.map(({ key }) => key)));
  return {
    id: 'pareto-front',
    title: 'Pareto front',
    explanation:
      'Mean of the test metric over seeds; vertical bars are ± one standard deviation. A hollow mark is dominated: another ' +
      'setting is at least as good in every task that it trains, and better in one, by the means. Lines are the single-task networks.',
    legend: legendOf([
      { key: gridKey, label: 'Fixed weights', role: 'fixed' as const },
      { key: singleKey, label: 'Single task', role: 'single' as const },
      { key: frontKey, label: 'Not dominated', role: 'task' as const },
      ...rows
        .filter(({ setting }) => setting.kind === 'learned')
        .map(({ name, setting: { key } }) => ({ key, label: name, role: 'learned' as const })),
    ]).filter(({ key }) => used.has(key)),
    charts,
  };
}
