import { joinedKeys, type Chart, type LegendEntry } from '../spec.js';
import { barsHeight, drawBars } from './bars.js';
import { fontFamily, type Ink } from './ink.js';
import { drawLegend } from './legend.js';
import { drawParallel } from './parallel.js';
import { element, fitted, textAt } from './svg.js';
import { drawTernary } from './ternary.js';
import { drawXy } from './xy.js';

export interface Drawing {
  /** Pixels. */
  readonly width: number;
  readonly ink: Ink;
  /** Keys that a person has switched off. */
  readonly hidden: ReadonlySet<string>;
  /** Whether title, legend and background are part of it: a file stands alone, a page has them beside it. */
  readonly alone: boolean;
}

const none: ReadonlySet<string> = new Set();
export const printed = (ink: Ink): Drawing => ({ width: 640, ink, hidden: none, alone: true });

/** Less than this cannot be read: the page scrolls, a file is wider. */
export function leastWidth(chart: Chart): number {
  return chart.kind === 'parallel' ? 90 + (chart.axes.length - 1) * 84 : 0;
}

/** Height of the area that a chart is drawn into. */
function areaHeight(chart: Chart, width: number): number {
  switch (chart.kind) {
    case 'xy':
      return Math.max(230, Math.min(340, width * 0.55));
    case 'ternary':
      return Math.max(240, Math.min(430, (width - 104) * 0.87 + 60));
    case 'parallel':
      return 330;
    case 'bars':
      return barsHeight(chart);
  }
}

function drawBody(chart: Chart, legend: readonly LegendEntry[], drawing: Drawing, height: number): string {
  const area = { width: drawing.width, height };
  switch (chart.kind) {
    case 'xy':
      return drawXy(chart, legend, drawing.hidden, area, drawing.ink);
    case 'ternary':
      return drawTernary(chart, legend, drawing.hidden, area, drawing.ink);
    case 'parallel':
      return drawParallel(chart, legend, drawing.hidden, area, drawing.ink);
    case 'bars':
      return drawBars(chart, legend, drawing.hidden, area, drawing.ink);
  }
}

/** A chart in one sentence, for those who cannot see it; its numbers are in the table beside it. */
export function describeChart(chart: Chart): string {
  switch (chart.kind) {
    case 'xy':
      return `${chart.title}: ${chart.yLabel} against ${chart.xLabel}, ${chart.series.length} series`;
    case 'ternary':
      return `${chart.title}: ${chart.valueLabel} over the weights of ${chart.corners.join(', ')}, ${chart.points.length} points`;
    case 'parallel':
      return `${chart.title}: ${chart.lines.length} settings over ${chart.axes.map(({ label }) => label).join(', ')}`;
    case 'bars':
      return `${chart.title}: ${chart.valueLabel} of ${chart.bars.length} entries`;
  }
}

/** Draws any chart as one SVG element. */
export function drawChart(chart: Chart, legend: readonly LegendEntry[], drawing: Drawing): string {
  const { ink, alone } = drawing;
  const pad = alone ? 16 : 0;
  const width = Math.max(drawing.width, leastWidth(chart) + 2 * pad);
  const inner = { ...drawing, width: width - 2 * pad };
  const height = areaHeight(chart, inner.width);
  const body = drawBody(chart, legend, inner, height);
  const joined = new Set(joinedKeys(chart));
  const used = keysOf(chart);
  const entries = legend.filter(({ key }) => used.has(key) && !drawing.hidden.has(key));
  const titleHeight = alone ? 30 : 0;
  const key = alone ? drawLegend(entries, joined, [pad, titleHeight + height + 14], inner.width, ink) : undefined;
  const total = height + titleHeight + (key === undefined ? 0 : key.height + 26);
  const better = chart.better === undefined ? '' : chart.better === 'higher' ? '↑ better' : '↓ better';
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${Math.ceil(total)}`,
      width,
      height: Math.ceil(total),
      'font-family': fontFamily,
      role: 'img',
      'aria-label': describeChart(chart),
    },
    ...(alone
      ? [
          element('rect', { width, height: Math.ceil(total), fill: ink.surface }),
          textAt(pad, 21, fitted(chart.title, inner.width - 70, 14), {
            fill: ink.text,
            'font-size': 14,
            'font-weight': 600,
          }),
          textAt(width - pad, 21, better, { fill: ink.muted, 'font-size': 11, 'text-anchor': 'end' }),
        ]
      : []),
    element('g', { transform: `translate(${pad} ${titleHeight})` }, body),
    key?.markup ?? '',
  );
}

/** Keys of the legend that a chart draws at all. */
export function keysOf(chart: Chart): Set<string> {
  switch (chart.kind) {
    case 'xy':
      return new Set(chart.series.map(({ key }) => key));
    case 'ternary':
    case 'parallel':
      return new Set(joinedKeys(chart));
    case 'bars':
      return new Set(chart.bars.map(({ key }) => key));
  }
}
