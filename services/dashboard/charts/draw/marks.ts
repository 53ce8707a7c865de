import type { SeriesLook } from '../looks.js';
import { element, escapeXml, lineThrough, type Place } from './svg.js';
import type { Ink } from './ink.js';

/** A mark's outline around a place. */
export function markPath(marker: SeriesLook['marker'], [x, y]: Place, radius: number): string {
  const at = (angle: number, reach: number): Place => [x + reach * Math.sin(angle), y - reach * Math.cos(angle)];
  const around = (corners: number, reach: number, turn = 0): Place[] =>
    Array.from({ length: corners }, (_, corner) => at(turn + (corner * 2 * Math.PI) / corners, reach));
  switch (marker) {
    case 'circle':
      return lineThrough(around(20, radius), true);
    case 'rect':
      return lineThrough(around(4, radius * 1.25, Math.PI / 4), true);
    case 'rectRot':
      return lineThrough(around(4, radius * 1.3), true);
    case 'triangle':
      return lineThrough(around(3, radius * 1.35), true);
    case 'star':
      return lineThrough(
        Array.from({ length: 10 }, (_, corner) => at((corner * Math.PI) / 5, radius * (corner % 2 === 0 ? 1.6 : 0.7))),
        true,
      );
  }
}

export interface DrawnMark {
  readonly look: SeriesLook;
  readonly place: Place;
  readonly radius: number;
  readonly faded?: boolean | undefined;
  /** Told when pointed at, and to those who hear the drawing. */
  readonly title: string;
}

/** A mark with a thin edge of the background's colour, so that neighbours stay apart; a faded one is hollow. */
export function mark({ look, place, radius, faded, title }: DrawnMark, ink: Ink): string {
  return element(
    'path',
    {
      d: markPath(look.marker, place, radius),
      fill: faded === true ? ink.surface : look.colour,
      stroke: faded === true ? look.colour : ink.surface,
      'stroke-width': faded === true ? 1.5 : 1,
      opacity: faded === true ? 0.55 : undefined,
    },
    element('title', {}, escapeXml(title)),
  );
}
