import type { BarsChart, LegendEntry } from '../spec.js';
import type { Ink } from './ink.js';
import { linearScale, minus } from './scale.js';
import { element, escapeXml, fitted, textAt, textWidth } from './svg.js';
import type { Area } from './xy.js';

const rowHeight = 40;
const barHeight = 13;
/** Bars that no legend tells apart. */
const unnamed: LegendEntry = { key: '', label: '', role: 'task', rank: 0, count: 1 };

export function barsHeight(chart: BarsChart): number {
  return chart.bars.length * rowHeight + 40;
}

/** Each bar under its name, so that long names have the whole width. */
export function drawBars(
  chart: BarsChart,
  legend: readonly LegendEntry[],
  hidden: ReadonlySet<string>,
  { width }: Area,
  ink: Ink,
): string {
  const bars = chart.bars.filter(({ key }) => !hidden.has(key));
  const end = chart.range ?? [0, Math.max(...bars.map(({ value, high }) => high ?? value), Number.MIN_VALUE)];
  const tail = Math.max(60, ...bars.map((bar) => textWidth(amount(chart, bar), 11.5) + 22));
  const [left, right] = [2, width - tail];
  const scale = linearScale(end, [left, right], Math.max(2, Math.min(8, (right - left) / 60)));
  const bottom = bars.length * rowHeight + 4;
  const small = { fill: ink.muted, 'font-size': 11 };
  const clamp = (value: number): number => scale.at(Math.max(end[0], Math.min(end[1], value)));
  return [
    ...scale.ticks.flatMap(({ value, label }) => [
      element('line', { x1: scale.at(value), x2: scale.at(value), y1: 4, y2: bottom, stroke: ink.grid }),
      textAt(scale.at(value), bottom + 14, label, { ...small, 'text-anchor': value === end[0] ? 'start' : 'middle' }),
    ]),
    textAt((left + right) / 2, bottom + 31, chart.valueLabel, { ...small, 'text-anchor': 'middle' }),
    ...bars.map((bar, place) => {
      const entry = legend.find(({ key }) => key === bar.key);
      const colour = ink.look(entry ?? unnamed).colour;
      const top = place * rowHeight + 20;
      const middle = top + barHeight / 2;
      const title = element('title', {}, escapeXml(`${bar.label}: ${amount(chart, bar)}, ${bar.note}`));
      const parts = [
        textAt(left, top - 6, fitted(bar.label, width * 0.62, 12), { fill: ink.text, 'font-size': 12 }),
        textAt(width - 2, top - 6, bar.note, { ...small, 'text-anchor': 'end' }),
        element(
          'rect',
          { x: left, y: top, width: Math.max(1, clamp(bar.value) - left), height: barHeight, fill: colour, rx: 2 },
          title,
        ),
        textAt(right + 8, middle + 4, amount(chart, bar), { fill: ink.text, 'font-size': 11.5 }),
      ];
      if (bar.low !== undefined && bar.high !== undefined) {
        parts.push(
          element('line', {
            x1: clamp(bar.low),
            x2: clamp(bar.high),
            y1: middle,
            y2: middle,
            stroke: ink.text,
            'stroke-width': 1.5,
          }),
        );
      }
      if (bar.mark !== undefined) {
        const at = clamp(bar.mark);
        parts.push(
          element('line', {
            x1: at,
            x2: at,
            y1: top - 3,
            y2: top + barHeight + 3,
            stroke: ink.surface,
            'stroke-width': 5,
          }),
          element('line', {
            x1: at,
            x2: at,
            y1: top - 3,
            y2: top + barHeight + 3,
            stroke: ink.text,
            'stroke-width': 2,
          }),
        );
      }
      return parts.join('');
    }),
  ].join('');
}

function amount(chart: BarsChart, { value, low, high }: BarsChart['bars'][number]): string {
  const spread = low === undefined || high === undefined ? '' : ` ± ${((high - low) / 2).toFixed(chart.decimals)}`;
  return `${minus(value.toFixed(chart.decimals))}${spread}`;
}
