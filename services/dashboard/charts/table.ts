import { numberText } from './draw/parallel.js';
import { minus } from './draw/scale.js';
import type { BarsChart, Chart, LegendEntry, ParallelChart, TernaryChart, XyChart } from './spec.js';

/** A chart's numbers as text. */
export interface ChartTable {
  readonly head: readonly string[];
  /** The first cell of a row names it. */
  readonly rows: readonly (readonly string[])[];
  /** Said above the table where it does not hold every number. */
  readonly note?: string;
}

/** More points than this are told by their first, best and last. */
const mostPoints = 8;

/** What a chart shows, for those who cannot see it or want its numbers. */
export function chartTable(chart: Chart, legend: readonly LegendEntry[]): ChartTable {
  const names = new Map(legend.map(({ key, label }) => [key, label]));
  switch (chart.kind) {
    case 'xy':
      return xyTable(chart, names);
    case 'ternary':
      return ternaryTable(chart, names);
    case 'parallel':
      return parallelTable(chart);
    case 'bars':
      return barsTable(chart);
  }
}

type Names = ReadonlyMap<string, string>;

function fixed(value: number | undefined, decimals: number): string {
  return value === undefined ? '–' : minus(value.toFixed(decimals));
}

function half({ low, high }: { readonly low?: number; readonly high?: number }): number | undefined {
  return low === undefined || high === undefined ? undefined : (high - low) / 2;
}

function xyTable(chart: XyChart, names: Names): ChartTable {
  const measured = chart.series.filter(({ shape }) => shape !== 'outline');
  if (measured.some(({ shape, points }) => shape === 'line' && points.length > mostPoints))
    return curveTable(chart, names);
  const x = (value: number): string =>
    chart.xDecimals === undefined ? minus(String(Number(value.toFixed(3)))) : fixed(value, chart.xDecimals);
  const seeds = measured.some(({ points }) => points.some((point) => point.seeds !== undefined));
  const spread = measured.some(({ points }) => points.some((point) => half(point) !== undefined));
  const faded = measured.some(({ points }) => points.some((point) => point.faded === true));
  return {
    head: [
      'Series',
      chart.xLabel,
      chart.yLabel,
      ...(spread ? ['± sd'] : []),
      ...(seeds ? ['Seeds'] : []),
      ...(faded ? ['Dominated'] : []),
    ],
    rows: measured.flatMap(({ key, shape, points }) =>
      points.map((point) => [
        point.note ?? names.get(key) ?? key,
        shape === 'level' ? 'all' : x(point.x),
        shape === 'upright' ? 'all' : fixed(point.y, chart.decimals),
        ...(spread ? [fixed(half(point), chart.decimals)] : []),
        ...(seeds ? [String(point.seeds ?? '–')] : []),
        ...(faded ? [point.faded === true ? 'yes' : 'no'] : []),
      ]),
    ),
  };
}

/** Curves by their ends and their best point. */
function curveTable(chart: XyChart, names: Names): ChartTable {
  const { better, decimals } = chart;
  return {
    note: 'Each curve by its first and last point, its extremes, and the spread at its end; the CSV file has every point.',
    head: [
      'Series',
      'First',
      ...(better === undefined ? ['Lowest', 'Highest'] : ['Best', `at ${chart.xLabel.toLowerCase()}`]),
      'Last',
      '± sd',
      'Seeds',
    ],
    rows: chart.series.flatMap(({ key, points }) => {
      const [first, last] = [points[0], points.at(-1)];
      if (first === undefined || last === undefined) return [];
      const sorted = [...points].sort((a, b) => a.y - b.y);
      const [lowest, highest] = [sorted[0] ?? first, sorted.at(-1) ?? last];
      const best = better === 'higher' ? highest : lowest;
      return [
        [
          names.get(key) ?? key,
          fixed(first.y, decimals),
          ...(better === undefined
            ? [fixed(lowest.y, decimals), fixed(highest.y, decimals)]
            : [fixed(best.y, decimals), String(best.x)]),
          fixed(last.y, decimals),
          fixed(half(last), decimals),
          String(last.seeds ?? '–'),
        ],
      ];
    }),
  };
}

function ternaryTable(chart: TernaryChart, names: Names): ChartTable {
  const share = (value: number): string => value.toFixed(3);
  return {
    head: ['Setting', ...chart.corners, chart.valueLabel, '± sd', 'Seeds'],
    rows: [
      ...chart.points.map(({ note, shares, value, deviation, seeds }) => [
        note,
        ...shares.map(share),
        fixed(value, chart.decimals),
        fixed(deviation, chart.decimals),
        String(seeds),
      ]),
      ...chart.paths.flatMap(({ key, shares }) =>
        [
          { at: shares[0], when: 'at first' },
          { at: shares.at(-1), when: 'at last' },
        ].flatMap(({ at, when }) =>
          at === undefined ? [] : [[`${names.get(key) ?? key}, weights ${when}`, ...at.map(share), '–', '–', '–']],
        ),
      ),
    ],
  };
}

function parallelTable(chart: ParallelChart): ChartTable {
  return {
    head: ['Setting', ...chart.axes.map(({ label }) => label)],
    rows: chart.lines.map(({ note, values }) => [
      note,
      ...chart.axes.map((axis, place) => {
        const value = values[place];
        return value === null || value === undefined ? '–' : numberText(axis, value);
      }),
    ]),
  };
}

function barsTable(chart: BarsChart): ChartTable {
  const spread = chart.bars.some((bar) => half(bar) !== undefined);
  const marked = chart.bars.some(({ mark }) => mark !== undefined);
  return {
    head: ['', chart.valueLabel, ...(spread ? ['± sd'] : []), ...(marked ? ['Mark'] : []), 'Of'],
    rows: chart.bars.map((bar) => [
      bar.label,
      fixed(bar.value, chart.decimals),
      ...(spread ? [fixed(half(bar), chart.decimals)] : []),
      ...(marked ? [fixed(bar.mark, chart.decimals)] : []),
      bar.note,
    ]),
  };
}
