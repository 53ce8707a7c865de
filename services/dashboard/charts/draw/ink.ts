import { lookOf, ramp, type SeriesLook } from '../looks.js';
import type { LegendEntry } from '../spec.js';

/** What a drawing is drawn with. */
export interface Ink {
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly surface: string;
  look(entry: LegendEntry): SeriesLook;
  /** A colour of an area for 0 (worst) to 1. */
  ramp(place: number): string;
  /** A colour of a line for 0 (worst) to 1: the better, the further from the background. */
  order(place: number): string;
}

/** The page's colours on white: what paper and files are drawn with. The same as in styles/tokens.css. */
export const lightInk: Ink = {
  text: '#171b20',
  muted: '#59636e',
  grid: '#e1e5e8',
  surface: '#ffffff',
  look: (entry) => lookOf(entry, false),
  ramp,
  order: (place) => ramp(0.85 * (1 - place)),
};

export const darkInk: Ink = {
  text: '#e8ebee',
  muted: '#9ba6b1',
  grid: '#2a3036',
  surface: '#181c20',
  look: (entry) => lookOf(entry, true),
  ramp,
  order: (place) => ramp(0.3 + 0.7 * place),
};

function either(light: string, dark: string): string {
  return light === dark ? light : `light-dark(${light}, ${dark})`;
}

/** For a page without scripts: its style sheet says by `color-scheme` which of the two it is. */
export const eitherInk: Ink = {
  text: either(lightInk.text, darkInk.text),
  muted: either(lightInk.muted, darkInk.muted),
  grid: either(lightInk.grid, darkInk.grid),
  surface: either(lightInk.surface, darkInk.surface),
  look: (entry) => {
    const light = lightInk.look(entry);
    return { ...light, colour: either(light.colour, darkInk.look(entry).colour) };
  },
  ramp,
  order: (place) => either(lightInk.order(place), darkInk.order(place)),
};

export const fontFamily = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif';
