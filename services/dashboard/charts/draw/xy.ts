import { minus, linearScale, logarithmicScale, type Scale } from './scale.js';
import type { ChartPoint, ChartSeries, LegendEntry, XyChart } from '../spec.js';
import type { Ink } from './ink.js';
import { mark } from './marks.js';
import { element, lineThrough, textAt, textWidth, type Place } from './svg.js';

/** Less than this from bottom to top does not need a logarithmic axis, which is harder to read. */
const logarithmicFrom = 30;

export interface YRange {
  readonly low: number;
  readonly high: number;
  readonly logarithmic: boolean;
}

/** Bounds of the y axis: some air around the data and its bands, but none below zero where nothing is. */
export function yRange(chart: XyChart, hidden: ReadonlySet<string>): YRange {
  if (chart.yRange !== undefined) return { low: chart.yRange[0], high: chart.yRange[1], logarithmic: false };
  const values = shown(chart, hidden)
    .filter(({ shape }) => shape !== 'upright')
    .flatMap((series) => series.points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]));
  if (values.length === 0) return { low: 0, high: 1, logarithmic: false };
  const low = least(values);
  const high = greatest(values);
  if (chart.logarithmic && low > 0 && high / low >= logarithmicFrom) return { low, high, logarithmic: true };
  const wide = airy(low, high);
  // Shares end at 100 %; what has gone beyond that is no share.
  const most = chart.yLabel.endsWith('[%]') && high <= 100 ? 100 : Infinity;
  return { low: wide.low, high: Math.min(most, wide.high), logarithmic: false };
}

function airy(low: number, high: number): { low: number; high: number } {
  const air = 0.06 * (high - low || Math.abs(high) || 1);
  return { low: low >= 0 ? Math.max(0, low - air) : low - air, high: high + air };
}

/** The ends of the x axis: those given, around the points of a metric, or the first and last epoch. */
export function xRange(chart: XyChart): readonly [number, number] {
  if (chart.xRange !== undefined) return chart.xRange;
  const all = chart.series
    .filter(({ shape }) => shape !== 'level')
    .flatMap((series) => series.points.map((point) => point.x));
  if (all.length === 0) return [0, 1];
  const [low, high] = [least(all), greatest(all)];
  if (chart.xDecimals === undefined) return [low, high === low ? low + 1 : high];
  const wide = airy(low, high);
  return [wide.low, wide.high];
}

function least(values: readonly number[]): number {
  return values.reduce((best, value) => Math.min(best, value), Infinity);
}

function greatest(values: readonly number[]): number {
  return values.reduce((best, value) => Math.max(best, value), -Infinity);
}

function shown(chart: XyChart, hidden: ReadonlySet<string>): ChartSeries[] {
  return chart.series.filter((series) => !hidden.has(series.key));
}

/** "Even weights: 61.0 ± 1.4 (n = 3)". */
export function pointText(chart: XyChart, label: string, { x, y, low, high, seeds, note, faded }: ChartPoint): string {
  const beside = chart.xDecimals === undefined ? '' : `${minus(x.toFixed(chart.xDecimals))} / `;
  const band = low === undefined || high === undefined ? '' : ` ± ${((high - low) / 2).toFixed(chart.decimals)}`;
  const over = seeds === undefined || seeds < 2 ? '' : ` (n = ${seeds})`;
  return `${note ?? label}: ${beside}${minus(y.toFixed(chart.decimals))}${band}${over}${faded === true ? ', dominated' : ''}`;
}

export interface Area {
  readonly width: number;
  readonly height: number;
}

/** Draws series over two axes into an area whose top left corner is the origin. */
export function drawXy(
  chart: XyChart,
  legend: readonly LegendEntry[],
  hidden: ReadonlySet<string>,
  { width, height }: Area,
  ink: Ink,
): string {
  const range = yRange(chart, hidden);
  const [bottom, top] = [height - 38, 8];
  const y: Scale = range.logarithmic
    ? logarithmicScale([range.low, range.high], [bottom, top])
    : linearScale([range.low, range.high], [bottom, top], 6);
  const left = 26 + Math.max(12, ...y.ticks.map(({ label }) => textWidth(label, 11)));
  const right = width - 12;
  const x = linearScale(xRange(chart), [left, right], Math.max(2, Math.min(10, (right - left) / 55)));
  const entries = new Map(legend.map((entry) => [entry.key, entry]));
  const small = { fill: ink.muted, 'font-size': 11 };
  const grid = [
    ...y.ticks.flatMap(({ value, label }) => [
      element('line', { x1: left, x2: right, y1: y.at(value), y2: y.at(value), stroke: ink.grid }),
      textAt(left - 6, y.at(value) + 4, label, { ...small, 'text-anchor': 'end' }),
    ]),
    ...x.ticks.flatMap(({ value, label }) => [
      element('line', { x1: x.at(value), x2: x.at(value), y1: top, y2: bottom, stroke: ink.grid }),
      textAt(x.at(value), bottom + 15, label, { ...small, 'text-anchor': 'middle' }),
    ]),
    textAt((left + right) / 2, height - 6, labelled(chart.xLabel, chart.xBetter), {
      ...small,
      'text-anchor': 'middle',
    }),
    textAt(0, 0, chart.yLabel, {
      ...small,
      'text-anchor': 'middle',
      transform: `translate(11 ${Math.round((top + bottom) / 2)}) rotate(-90)`,
    }),
  ];
  const drawn = shown(chart, hidden).flatMap((series) => {
    const entry = entries.get(series.key);
    return entry === undefined ? [] : [{ series, entry }];
  });
  // Learned weightings come last and so lie above the others.
  drawn.sort((a, b) => Number(a.entry.role === 'learned') - Number(b.entry.role === 'learned'));
  const body = drawn.map(({ series, entry }) =>
    drawSeries(chart, series, entry, { x, y, left, right, top, bottom }, ink),
  );
  return grid.join('') + body.join('');
}

/** An axis with its good direction. */
export function labelled(label: string, better: 'higher' | 'lower' | undefined): string {
  return better === undefined ? label : `${label} ${better === 'higher' ? '→ better' : '← better'}`;
}

interface Frame {
  readonly x: Scale;
  readonly y: Scale;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function drawSeries(chart: XyChart, series: ChartSeries, entry: LegendEntry, frame: Frame, ink: Ink): string {
  const { x, y, left, right, top, bottom } = frame;
  const look = ink.look(entry);
  const stroke = {
    stroke: look.colour,
    'stroke-width': look.width,
    'stroke-dasharray': look.dash.length === 0 ? undefined : look.dash.join(' '),
    'stroke-linejoin': 'round',
    fill: 'none',
  };
  const first = series.points[0];
  if (first === undefined) return '';
  const placeOf = (point: ChartPoint): Place => [x.at(point.x), y.at(point.y)];
  const parts: string[] = [];
  if (series.shape === 'level') {
    const [low, high] = [y.at(first.low ?? first.y), y.at(first.high ?? first.y)];
    if (low !== high) {
      parts.push(
        element('rect', {
          x: left,
          y: Math.min(low, high),
          width: right - left,
          height: Math.abs(low - high),
          fill: look.colour,
          'fill-opacity': 0.14,
        }),
      );
    }
    parts.push(element('line', { x1: left, x2: right, y1: y.at(first.y), y2: y.at(first.y), ...stroke }));
    return parts.join('');
  }
  if (series.shape === 'upright') {
    return element('line', { x1: x.at(first.x), x2: x.at(first.x), y1: top, y2: bottom, ...stroke });
  }
  const banded = series.points.filter((point) => point.low !== undefined && point.high !== undefined);
  if (series.shape === 'points') {
    parts.push(
      ...banded.map(({ x: at, low = 0, high = 0, faded }) =>
        element('line', {
          x1: x.at(at),
          x2: x.at(at),
          y1: y.at(low),
          y2: y.at(high),
          stroke: look.colour,
          'stroke-width': 1.25,
          opacity: faded === true ? 0.4 : undefined,
        }),
      ),
    );
  } else {
    if (banded.length > 0) {
      const upper = series.points.map((point): Place => [x.at(point.x), y.at(point.high ?? point.y)]);
      const lower = series.points.map((point): Place => [x.at(point.x), y.at(point.low ?? point.y)]);
      const outline = lineThrough([...upper, ...lower.reverse()], true);
      parts.push(element('path', { d: outline, fill: look.colour, 'fill-opacity': 0.14 }));
    }
    parts.push(element('path', { d: lineThrough(series.points.map(placeOf)), ...stroke }));
  }
  if (series.shape === 'points' || (series.shape === 'line' && series.points.length <= 24)) {
    const radius = series.shape === 'points' ? 4.5 : 2.6;
    parts.push(
      ...series.points.map((point) =>
        mark(
          { look, place: placeOf(point), radius, faded: point.faded, title: pointText(chart, entry.label, point) },
          ink,
        ),
      ),
    );
  }
  return parts.join('');
}
