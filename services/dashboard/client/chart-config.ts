import type { ChartConfiguration, ChartDataset, Point } from 'chart.js';
import type { XyChart, ChartPoint, ChartSeries, LegendEntry } from '../charts/spec.js';
import { labelled, pointText, xRange, yRange } from '../charts/draw/xy.js';
import { lookOf, translucent } from '../charts/looks.js';

/** Colours of the page that charts share, read from its style sheet. */
export interface ChartTheme {
  readonly dark: boolean;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly surface: string;
  readonly font: string;
}

type Dataset = ChartDataset<'line', DataPoint[]>;
interface DataPoint extends Point {
  readonly source: ChartPoint;
}

/** Which datasets are a band's edges: the tooltip passes them over. */
const edgeSuffix = '§edge';

/** Across the whole chart, at the height of its only point. */
function levelPoints(point: ChartPoint, [from, to]: readonly [number, number]): ChartPoint[] {
  return [
    { ...point, x: from },
    { ...point, x: to },
  ];
}

function datasetsOf(
  series: ChartSeries,
  entry: LegendEntry,
  range: readonly [number, number],
  heights: readonly [number, number],
  { dark, surface }: ChartTheme,
): Dataset[] {
  const look = lookOf(entry, dark);
  const first = series.points[0];
  const points =
    series.shape === 'level' && first !== undefined
      ? levelPoints(first, range)
      : series.shape === 'upright' && first !== undefined
        ? heights.map((y) => ({ ...first, y }))
        : series.points;
  const as = (pick: (point: ChartPoint) => number): DataPoint[] =>
    points.map((source) => ({ x: source.x, y: pick(source), source }));
  const hasBand = points.some((point) => point.low !== undefined && point.high !== undefined);
  const shared = { showLine: series.shape !== 'points', tension: 0, clip: 6 } as const;
  const main: Dataset = {
    ...shared,
    label: entry.label,
    data: as((point) => point.y),
    borderColor: look.colour,
    backgroundColor: look.colour,
    borderWidth: look.width,
    borderDash: [...look.dash],
    pointStyle: look.marker,
    // Long curves are lines; few points are worth a mark each.
    pointRadius: series.shape === 'points' ? 5 : series.shape !== 'line' || points.length > 24 ? 0 : 2.5,
    // A faded point is hollow and pale.
    pointBackgroundColor: points.map(({ faded }) => (faded === true ? surface : look.colour)),
    pointBorderColor: points.map(({ faded }) => (faded === true ? translucent(look.colour, 0.55) : look.colour)),
    pointHoverRadius: 5,
    pointHitRadius: 8,
    order: entry.role === 'learned' ? 0 : 1,
  };
  if (!hasBand) return [main];
  if (series.shape === 'points') {
    // A lone point's spread is a bar through it.
    const bars = points.map((source): Dataset => ({
      ...shared,
      showLine: true,
      label: edgeSuffix,
      data: [
        { x: source.x, y: source.low ?? source.y, source },
        { x: source.x, y: source.high ?? source.y, source },
      ],
      borderColor: source.faded === true ? translucent(look.colour, 0.4) : look.colour,
      borderWidth: 1.25,
      pointRadius: 0,
      pointHitRadius: 0,
      pointHoverRadius: 0,
    }));
    return [main, ...bars];
  }
  const edge: Omit<Dataset, 'data'> = {
    ...shared,
    label: edgeSuffix,
    borderWidth: 0,
    pointRadius: 0,
    pointHitRadius: 0,
    pointHoverRadius: 0,
    backgroundColor: translucent(look.colour, dark ? 0.2 : 0.14),
  };
  return [
    main,
    { ...edge, data: as((point) => point.low ?? point.y), fill: false },
    { ...edge, data: as((point) => point.high ?? point.y), fill: '-1' },
  ];
}

/** On a logarithmic axis only 1, 2 and 5 of each decade are worth a number. */
function logarithmicTick(value: string | number): string {
  const number = Number(value);
  const lead = number / 10 ** Math.floor(Math.log10(number) + 1e-9);
  return [1, 2, 5].some((one) => Math.abs(one - lead) < 1e-6) ? String(Number(number.toPrecision(3))) : '';
}

/** Turns a chart as data into Chart.js' configuration. `hidden` holds the keys that a person has switched off. */
export function chartConfig(
  chart: XyChart,
  legend: readonly LegendEntry[],
  hidden: ReadonlySet<string>,
  theme: ChartTheme,
): ChartConfiguration<'line', DataPoint[]> {
  const range = xRange(chart);
  const y = yRange(chart, hidden);
  const entries = new Map(legend.map((entry) => [entry.key, entry]));
  const datasets = chart.series.flatMap((series) => {
    const entry = entries.get(series.key);
    return entry === undefined || hidden.has(series.key)
      ? []
      : datasetsOf(series, entry, range, [y.low, y.high], theme);
  });
  const axis = {
    border: { color: theme.grid },
    grid: { color: theme.grid, drawTicks: false },
    ticks: { color: theme.muted, padding: 6, font: { family: theme.font, size: 11 }, maxRotation: 0 },
  } as const;
  const title = (text: string) =>
    ({ display: true, text, color: theme.muted, font: { family: theme.font, size: 11, weight: 'normal' } }) as const;
  const uprights = chart.yRange !== undefined || chart.series.some(({ shape }) => shape === 'upright');
  const epochs = chart.xRange === undefined && chart.xDecimals === undefined;
  return {
    type: 'line',
    data: { datasets },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      parsing: false,
      normalized: true,
      layout: { padding: { top: 6, right: 8 } },
      interaction: { mode: 'nearest', axis: 'xy', intersect: false },
      scales: {
        x: {
          ...axis,
          type: 'linear',
          min: range[0],
          max: range[1],
          title: title(labelled(chart.xLabel, chart.xBetter)),
          ticks: { ...axis.ticks, includeBounds: chart.xDecimals === undefined, ...(epochs ? { precision: 0 } : {}) },
        },
        y: {
          ...axis,
          type: y.logarithmic ? 'logarithmic' : 'linear',
          // A line from bottom to top needs to know where these are.
          ...(uprights ? { min: y.low, max: y.high } : { suggestedMin: y.low, suggestedMax: y.high }),
          title: title(chart.yLabel),
          ticks: y.logarithmic
            ? { ...axis.ticks, callback: logarithmicTick }
            : { ...axis.ticks, maxTicksLimit: 7, includeBounds: !uprights },
        },
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          filter: (item) => item.dataset.label !== edgeSuffix,
          backgroundColor: theme.surface,
          titleColor: theme.text,
          bodyColor: theme.text,
          borderColor: theme.grid,
          borderWidth: 1,
          padding: 10,
          boxPadding: 4,
          usePointStyle: true,
          titleFont: { family: theme.font, size: 12 },
          bodyFont: { family: theme.font, size: 12 },
          callbacks: {
            title: (items) => {
              const point = (items[0]?.raw as DataPoint | undefined)?.source;
              if (point === undefined || chart.xDecimals !== undefined) return '';
              return `${chart.xLabel} ${Number(point.x.toFixed(4))}`;
            },
            label: (item) => pointText(chart, item.dataset.label ?? '', (item.raw as DataPoint).source),
          },
        },
      },
    },
  };
}
