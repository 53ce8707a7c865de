import type { LegendEntry, ParallelAxis, ParallelChart } from '../spec.js';
import type { Ink } from './ink.js';
import { linearScale, logarithmicScale, minus, type Scale } from './scale.js';
import { element, escapeXml, fitted, lineThrough, textAt, type Place } from './svg.js';
import type { Area } from './xy.js';

/** Values of an axis on its scale. */
function scaleOf(axis: ParallelAxis, values: readonly number[], [bottom, top]: readonly [number, number]): Scale {
  const names = axis.categories;
  if (names !== undefined) {
    const at = (value: number): number =>
      names.length < 2 ? (bottom + top) / 2 : bottom + (value / (names.length - 1)) * (top - bottom);
    return { at, ticks: names.map((label, value) => ({ value, label })) };
  }
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (!(high > low)) {
    return {
      at: () => (bottom + top) / 2,
      ticks: values.slice(0, 1).map((value) => ({ value, label: numberText(axis, value) })),
    };
  }
  const scale =
    axis.logarithmic === true && low > 0
      ? logarithmicScale([low, high], [bottom, top])
      : linearScale([low, high], [bottom, top], 5);
  return scale;
}

export function numberText({ decimals, categories }: ParallelAxis, value: number): string {
  if (categories !== undefined) return categories[value] ?? '';
  return minus(decimals === undefined ? String(Number(value.toPrecision(3))) : value.toFixed(decimals));
}

/** Settings as lines from option to option and on to the results; the best stand out and lie on top. */
export function drawParallel(
  chart: ParallelChart,
  legend: readonly LegendEntry[],
  hidden: ReadonlySet<string>,
  { width, height }: Area,
  ink: Ink,
): string {
  const lines = chart.lines.filter(({ key }) => !hidden.has(key));
  const [bottom, top] = [height - 16, 44];
  const gap = (width - 90) / Math.max(1, chart.axes.length - 1);
  const scales = chart.axes.map((axis, place) =>
    scaleOf(
      axis,
      chart.lines.flatMap(({ values }) => values[place] ?? []),
      [bottom, top],
    ),
  );
  const xOf = (place: number): number => 45 + place * gap;
  const ordered = [...lines].sort((a, b) => (a.rank ?? -1) - (b.rank ?? -1));
  const drawnLines = ordered.map((line) => {
    const entry = legend.find(({ key }) => key === line.key);
    const look = entry === undefined ? undefined : ink.look(entry);
    const best = line.rank === 1;
    const title = `${line.note}: ${chart.axes
      .map((axis, place) => {
        const value = line.values[place];
        return `${axis.label} ${value === null || value === undefined ? '–' : numberText(axis, value)}`;
      })
      .join(', ')}`;
    return runs(
      line.values.map((value, place) => (value === null ? undefined : [xOf(place), scales[place]?.at(value) ?? 0])),
    )
      .map((places) =>
        element(
          'path',
          {
            d: lineThrough(places),
            fill: 'none',
            stroke: line.rank === null ? ink.muted : ink.order(line.rank),
            'stroke-width': best ? 4 : entry?.role === 'learned' ? 2.5 : 1.5,
            'stroke-dasharray': look === undefined || look.dash.length === 0 ? undefined : look.dash.join(' '),
            'stroke-opacity': best ? 1 : lines.length > 60 ? 0.45 : 0.85,
            'stroke-linejoin': 'round',
          },
          element('title', {}, escapeXml(title)),
        ),
      )
      .join('');
  });
  const drawnAxes = chart.axes.map((axis, place) => {
    const x = xOf(place);
    const halo = { stroke: ink.surface, 'stroke-width': 3, 'stroke-linejoin': 'round', 'paint-order': 'stroke' };
    const anchor = place === chart.axes.length - 1 ? 'end' : 'start';
    const side = place === chart.axes.length - 1 ? -6 : 6;
    return [
      element('line', { x1: x, x2: x, y1: top, y2: bottom, stroke: ink.muted, 'stroke-width': 1.25 }),
      textAt(x, place % 2 === 0 ? 12 : 27, fitted(axis.label, gap * 1.8, 11), {
        fill: ink.text,
        'font-size': 11,
        'font-weight': 550,
        'text-anchor': place === 0 ? 'start' : place === chart.axes.length - 1 ? 'end' : 'middle',
        ...(place === 0 ? { x: 0 } : place === chart.axes.length - 1 ? { x: width } : {}),
      }),
      ...(axis.better === undefined
        ? []
        : [
            textAt(x, top - 4, axis.better === 'higher' ? '↑' : '↓', {
              fill: ink.muted,
              'font-size': 11,
              'text-anchor': 'middle',
            }),
          ]),
      ...(scales[place]?.ticks ?? []).map(({ value, label }) =>
        textAt(x + side, (scales[place]?.at(value) ?? 0) + 4, fitted(label, gap * 0.85, 10), {
          fill: ink.muted,
          'font-size': 10,
          'text-anchor': anchor,
          ...halo,
        }),
      ),
    ].join('');
  });
  return drawnLines.join('') + drawnAxes.join('');
}

/** Neighbouring places without a gap. */
function runs(places: readonly (Place | undefined)[]): Place[][] {
  const found: Place[][] = [[]];
  for (const place of places) {
    if (place === undefined) found.push([]);
    else found.at(-1)?.push(place);
  }
  return found.filter((run) => run.length > 1);
}
