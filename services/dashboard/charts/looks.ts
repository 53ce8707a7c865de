import type { LegendEntry } from './spec.js';

/** How one series is drawn. */
export interface SeriesLook {
  readonly colour: string;
  readonly dash: readonly number[];
  readonly width: number;
  readonly marker: 'circle' | 'rect' | 'triangle' | 'rectRot' | 'star';
}

/** Okabe & Ito 2008: told apart with every common kind of colour blindness. Yellow is left out: too faint on white. */
const okabeIto = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9'] as const;
const okabeItoOnDark = ['#56B4E9', '#E69F00', '#2BB58F', '#CC79A7', '#8FA8FF'] as const;
/** Kept for learned weightings: vermillion first, then the palette's colours that are farthest from a grid's ramp. */
const learnedColours = ['#D55E00', '#009E73', '#A63F82'] as const;
const learnedColoursOnDark = ['#F0803C', '#2BB58F', '#E39BC4'] as const;

/** Cividis (Nuñez, Anderton & Renslow 2018), its ends cut off where they would vanish in the page's background. */
const cividis = ['#00224E', '#2A3F6D', '#575C6D', '#7D7C78', '#A59C74', '#D2C060', '#FEE838'] as const;

const dashes: readonly (readonly number[])[] = [[], [7, 4], [2, 3]];
/** One for each round of the colours, so that marks without lines are told apart too. */
const learnedMarkers = ['star', 'triangle', 'rect'] as const;
const markers = ['circle', 'rect', 'triangle', 'rectRot', 'star'] as const;

function channels(hex: string): [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** A colour with an opacity, for bands. */
export function translucent(hex: string, opacity: number): string {
  const [red, green, blue] = channels(hex);
  return `rgba(${red}, ${green}, ${blue}, ${opacity})`;
}

/** A place on the ramp, 0 to 1, interpolated between its stops. */
export function ramp(place: number): string {
  const at = Math.min(1, Math.max(0, place)) * (cividis.length - 1);
  const index = Math.min(cividis.length - 2, Math.floor(at));
  const from = channels(cividis[index] ?? cividis[0]);
  const to = channels(cividis[index + 1] ?? cividis[0]);
  const mixed = from.map((value, channel) => Math.round(value + ((to[channel] ?? value) - value) * (at - index)));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/**
 * Settings of a grid are ordered, so they get a ramp on which the order can be seen.
 * Learned weightings stand out from all of them; single tasks step back.
 */
export function lookOf(entry: LegendEntry, dark: boolean): SeriesLook {
  const palette = dark ? okabeItoOnDark : okabeIto;
  const marker = markers[entry.rank % markers.length] ?? 'circle';
  switch (entry.role) {
    case 'learned': {
      const colours = dark ? learnedColoursOnDark : learnedColours;
      // Neighbours differ in colour and dash; after a round of colours the dashes are shifted by one and the mark changes.
      const round = Math.floor(entry.rank / colours.length);
      return {
        colour: colours[entry.rank % colours.length] ?? colours[0],
        dash: dashes[(entry.rank + round) % dashes.length] ?? [],
        width: 2.75,
        marker: learnedMarkers[round % learnedMarkers.length] ?? 'star',
      };
    }
    case 'single':
      return {
        colour: dark ? '#a9b3bd' : '#5b6570',
        dash: dashes[(entry.rank + 1) % dashes.length] ?? [],
        width: 1.75,
        marker: 'rectRot',
      };
    case 'task':
      return { colour: palette[entry.rank % palette.length] ?? palette[0], dash: [], width: 2.25, marker };
    case 'fixed': {
      if (entry.count === 1) return { colour: palette[0], dash: [], width: 1.75, marker: 'circle' };
      const place = entry.rank / (entry.count - 1);
      return { colour: ramp(dark ? 0.32 + 0.68 * place : 0.74 * place), dash: [], width: 1.75, marker: 'circle' };
    }
  }
}
