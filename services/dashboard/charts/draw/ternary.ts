import { bandsOf, type PlanePoint } from '../surface.js';
import type { LegendEntry, Shares, TernaryChart, TernaryPoint } from '../spec.js';
import type { Ink } from './ink.js';
import { markPath } from './marks.js';
import { niceStep, minus } from './scale.js';
import { element, escapeXml, fitted, lineThrough, textAt, textWidth, type Place } from './svg.js';
import type { Area } from './xy.js';

/** Height of an equilateral triangle of side 1. */
const tall = Math.sqrt(3) / 2;
const wantedBands = 7;

/** Where three shares lie in a triangle with corners (0, 0), (1, 0) and (½, √3⁄2). */
export function planePoint([, second, third]: Shares): PlanePoint {
  return [second + third / 2, third * tall];
}

/** Ends of the bands: round numbers around all values. */
export function bandLevels(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (!(high > low)) return [];
  const step = niceStep(high - low, wantedBands);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, place) => (first + place) * step);
}

/** Draws the triangle with the value's bands, the measured points with their numbers, and the learned paths. */
export function drawTernary(
  chart: TernaryChart,
  legend: readonly LegendEntry[],
  hidden: ReadonlySet<string>,
  { width, height }: Area,
  ink: Ink,
): string {
  const keyWidth = 64;
  const side = Math.min(width - keyWidth - 40, (height - 56) / tall);
  const [left, bottom] = [Math.max(20, (width - keyWidth - side) / 2), 24 + side * tall];
  const inPixels = ([x, y]: PlanePoint): Place => [left + x * side, bottom - y * side];
  const at = (shares: Shares): Place => inPixels(planePoint(shares));
  const points = distinct(chart.points);
  const levels = bandLevels(points.map(({ value }) => value));
  const bands = levels.length - 1;
  // Bright is good, so that the best region is what the eye finds first.
  const colourOf = (band: number): string => {
    const place = bands < 2 ? 0.5 : band / (bands - 1);
    return ink.ramp(0.12 + 0.88 * (chart.better === 'lower' ? 1 - place : place));
  };
  const surface = bandsOf(
    points.map(({ shares }) => planePoint(shares)),
    points.map(({ value }) => value),
    levels,
  ).map((polygons, band) =>
    element('path', {
      d: polygons.map((polygon) => lineThrough(polygon.map(inPixels), true)).join(''),
      fill: colourOf(band),
      // Hides the hairline between neighbours of one colour.
      stroke: colourOf(band),
      'stroke-width': 0.6,
    }),
  );
  return [
    ...surface,
    drawFrame(chart, at, [left, bottom], side, ink),
    drawKey(chart, levels, colourOf, [width - keyWidth, 24], ink),
    ...chart.paths
      .filter(({ key }) => !hidden.has(key))
      .flatMap(({ key, shares }) => {
        const entry = legend.find((one) => one.key === key);
        return entry === undefined ? [] : [drawPath(shares.map(at), entry, ink)];
      }),
    ...drawPoints(chart, points, at, ink),
  ].join('');
}

/** Points in one place are told apart by no chart: the first stands for them. */
function distinct(points: readonly TernaryPoint[]): TernaryPoint[] {
  const places = new Map<string, TernaryPoint>();
  for (const point of points) {
    const name = point.shares.map((share) => share.toFixed(6)).join(' ');
    if (!places.has(name)) places.set(name, point);
  }
  return [...places.values()];
}

function drawFrame(
  { corners }: TernaryChart,
  at: (shares: Shares) => Place,
  [left, bottom]: Place,
  side: number,
  ink: Ink,
): string {
  const steps = [0.2, 0.4, 0.6, 0.8];
  const line = (from: Shares, to: Shares): string => {
    const [[x1, y1], [x2, y2]] = [at(from), at(to)];
    return element('line', { x1, y1, x2, y2, stroke: ink.muted, 'stroke-opacity': 0.28 });
  };
  const small = { fill: ink.muted, 'font-size': 10 };
  const name = { fill: ink.text, 'font-size': 12, 'font-weight': 550 };
  const half = side * 0.55;
  return [
    ...steps.flatMap((share) => [
      line([share, 1 - share, 0], [share, 0, 1 - share]),
      line([1 - share, share, 0], [0, share, 1 - share]),
      line([1 - share, 0, share], [0, 1 - share, share]),
    ]),
    element('path', {
      d: lineThrough([at([1, 0, 0]), at([0, 1, 0]), at([0, 0, 1])], true),
      fill: 'none',
      stroke: ink.muted,
    }),
    // Each corner's share is read along the edge that ends in it, anticlockwise.
    ...steps.flatMap((share) => {
      const text = String(share);
      const [[x1, y1], [x2, y2], [x3, y3]] = [
        at([1 - share, share, 0]),
        at([0, 1 - share, share]),
        at([share, 0, 1 - share]),
      ];
      return [
        textAt(x1, y1 + 13, text, { ...small, 'text-anchor': 'middle' }),
        textAt(x2 + 6, y2 + 3, text, small),
        textAt(x3 - 6, y3 + 3, text, { ...small, 'text-anchor': 'end' }),
      ];
    }),
    textAt(left, bottom + 28, fitted(`← ${corners[0]}`, half, 12), { ...name, 'text-anchor': 'start' }),
    textAt(left + side, bottom + 28, fitted(`${corners[1]} →`, half, 12), { ...name, 'text-anchor': 'end' }),
    textAt(left + side / 2, 14, fitted(`↑ ${corners[2]}`, side, 12), { ...name, 'text-anchor': 'middle' }),
  ].join('');
}

/** The bands with the numbers at their ends, the highest at the top. */
function drawKey(
  chart: TernaryChart,
  levels: readonly number[],
  colourOf: (band: number) => string,
  [left, top]: Place,
  ink: Ink,
): string {
  const bands = levels.length - 1;
  if (bands < 1) return '';
  const step = (levels[1] ?? 0) - (levels[0] ?? 0);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const high = 16;
  const small = { fill: ink.muted, 'font-size': 10 };
  return [
    ...Array.from({ length: bands }, (_, band) =>
      element('rect', { x: left, y: top + (bands - 1 - band) * high, width: 14, height: high, fill: colourOf(band) }),
    ),
    ...levels.map((level, place) =>
      textAt(left + 19, top + (bands - place) * high + 3, minus(level.toFixed(decimals)), small),
    ),
    textAt(left, top - 10, chart.better === 'lower' ? '↓ better' : '↑ better', small),
  ].join('');
}

/** The way from the first epoch, a ring, to the last, a mark; on a halo, so that it is seen on any colour. */
function drawPath(places: readonly Place[], entry: LegendEntry, ink: Ink): string {
  const look = ink.look(entry);
  const [first, last] = [places[0], places.at(-1)];
  if (first === undefined || last === undefined) return '';
  const line = { d: lineThrough(places), fill: 'none', 'stroke-linejoin': 'round' };
  return element(
    'g',
    {},
    element('title', {}, escapeXml(entry.label)),
    element('path', { ...line, stroke: ink.surface, 'stroke-width': look.width + 2.5 }),
    element('path', {
      ...line,
      stroke: look.colour,
      'stroke-width': look.width,
      'stroke-dasharray': look.dash.length === 0 ? undefined : look.dash.join(' '),
    }),
    element('circle', {
      cx: first[0],
      cy: first[1],
      r: 3.5,
      fill: ink.surface,
      stroke: look.colour,
      'stroke-width': 2,
    }),
    element('path', {
      d: markPath(look.marker, last, 5.5),
      fill: look.colour,
      stroke: ink.surface,
      'stroke-width': 1.25,
    }),
  );
}

/** Where a point's number stands: within the triangle and off its edges, where the shares are written. */
function numberPlace({ shares: [first, second, third] }: TernaryPoint, [x, y]: Place): NumberPlace {
  if (third > 0.98) return { x, y: y + 26, anchor: 'middle' };
  if (second < 0.02 && first < 0.98) return { x: x + 7, y: y + 4, anchor: 'start' };
  if (first < 0.02) return { x: x - 7, y: y + 4, anchor: 'end' };
  return { x, y: y - 7, anchor: 'middle' };
}

interface NumberPlace {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
}

const numberSize = 10.5;

/** Left, top, right and bottom of a number. */
function boxOf({ x, y, anchor }: NumberPlace, text: string): readonly [number, number, number, number] {
  const width = textWidth(text, numberSize);
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
  return [left, y - numberSize, left + width, y];
}

/**
 * The points with their numbers. Where numbers would cover each other the best and the worst are written first; the
 * others are in the points' titles, and in the table of the chart.
 */
function drawPoints(chart: TernaryChart, points: readonly TernaryPoint[], at: (shares: Shares) => Place, ink: Ink) {
  const middle = points.reduce((sum, { value }) => sum + value, 0) / Math.max(1, points.length);
  const outermostFirst = [...points].sort((a, b) => Math.abs(b.value - middle) - Math.abs(a.value - middle));
  const taken: (readonly [number, number, number, number])[] = [];
  const numbers = outermostFirst.flatMap((point) => {
    const text = minus(point.value.toFixed(chart.decimals));
    const place = numberPlace(point, at(point.shares));
    const [left, top, right, bottom] = boxOf(place, text);
    if (taken.some(([l, t, r, b]) => left < r && l < right && top < b && t < bottom)) return [];
    taken.push([left, top, right, bottom]);
    return [
      textAt(place.x, place.y, text, {
        fill: ink.text,
        stroke: ink.surface,
        'stroke-width': 3,
        'stroke-linejoin': 'round',
        'paint-order': 'stroke',
        'font-size': numberSize,
        'text-anchor': place.anchor,
      }),
    ];
  });
  const dots = points.map((point) => {
    const [x, y] = at(point.shares);
    const spread = point.deviation === undefined ? '' : ` ± ${point.deviation.toFixed(chart.decimals)}`;
    const text = `${point.note}: ${minus(point.value.toFixed(chart.decimals))}${spread} (n = ${String(point.seeds)})`;
    return element(
      'circle',
      { cx: x, cy: y, r: 3.5, fill: ink.text, stroke: ink.surface, 'stroke-width': 1.25 },
      element('title', {}, escapeXml(text)),
    );
  });
  return [...dots, ...numbers];
}
