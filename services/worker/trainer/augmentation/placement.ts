import type { Drawn } from './draw.js';

/**
 * Where the places of one axis come from. Pixels are squares: place 0 reaches from −0.5 to 0.5, and its middle is what is
 * enlarged.
 */
export interface AxisPlacement {
  /** The source's place, between pixels. */
  readonly source: Float64Array;
  readonly nearest: Int32Array;
  /** The pixels on both sides of it, and the share of the second. */
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly share: Float32Array;
}

/** How a changed picture comes out of its source. */
export interface Placement {
  readonly height: number;
  readonly width: number;
  readonly rows: AxisPlacement;
  readonly columns: AxisPlacement;
  readonly scale: number;
  readonly flip: boolean;
}

/** @returns undefined where everything stays in its place */
export function placementOf(
  { flip, scale, across, down }: Drawn,
  height: number,
  width: number,
): Placement | undefined {
  if (!flip && scale === 1) return undefined;
  const rows = axisPlacement(height, scale, down, false);
  return { height, width, rows, columns: axisPlacement(width, scale, across, flip), scale, flip };
}

function axisPlacement(length: number, scale: number, begin: number, flip: boolean): AxisPlacement {
  const source = new Float64Array(length);
  const nearest = new Int32Array(length);
  const low = new Int32Array(length);
  const high = new Int32Array(length);
  const share = new Float32Array(length);
  const last = length - 1;
  const cut = begin * (length - length / scale);
  for (let place = 0; place < length; place += 1) {
    const unflipped = flip ? last - place : place;
    const from = cut + (unflipped + 0.5) / scale - 0.5;
    const within = Math.min(last, Math.max(0, from));
    const below = Math.min(last, Math.floor(within));
    source[place] = from;
    nearest[place] = Math.min(last, Math.max(0, Math.floor(from + 0.5)));
    low[place] = below;
    high[place] = Math.min(last, below + 1);
    share[place] = within - below;
  }
  return { source, nearest, low, high, share };
}
