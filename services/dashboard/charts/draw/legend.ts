import type { LegendEntry } from '../spec.js';
import type { Ink } from './ink.js';
import { markPath } from './marks.js';
import { element, fitted, textAt, textWidth } from './svg.js';

const size = 11;
const lineHeight = 18;
const swatchWidth = 26;

/** A legend in lines that fit a width: what a file or a report needs, where nothing can be pointed at. */
export function drawLegend(
  entries: readonly LegendEntry[],
  joined: ReadonlySet<string>,
  [left, top]: readonly [number, number],
  width: number,
  ink: Ink,
): { markup: string; height: number } {
  let x = 0;
  let line = 0;
  const parts = entries.map((entry) => {
    const label = fitted(entry.label, width - swatchWidth - 8, size);
    const needed = swatchWidth + textWidth(label, size) + 14;
    if (x > 0 && x + needed > width) {
      x = 0;
      line += 1;
    }
    const [at, middle] = [left + x, top + line * lineHeight + lineHeight / 2];
    x += needed;
    const look = ink.look(entry);
    const swatch = joined.has(entry.key)
      ? element('line', {
          x1: at,
          x2: at + 20,
          y1: middle,
          y2: middle,
          stroke: look.colour,
          'stroke-width': look.width,
          'stroke-dasharray': look.dash.length === 0 ? undefined : look.dash.join(' '),
        })
      : '';
    const sign = element('path', {
      d: markPath(look.marker, [at + 10, middle], joined.has(entry.key) ? 3 : 4.5),
      fill: look.colour,
    });
    return swatch + sign + textAt(at + swatchWidth, middle + 4, label, { fill: ink.text, 'font-size': size });
  });
  return { markup: parts.join(''), height: entries.length === 0 ? 0 : (line + 1) * lineHeight };
}
