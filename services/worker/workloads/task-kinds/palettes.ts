import { classColour } from '../../../shared/catalog/class-colours.js';
import type { Picture } from '../workload.js';

type PixelSlot = Uint8Array;
type Rgb = readonly [red: number, green: number, blue: number];

/** Pixels that no target covers. */
export const neutral: Rgb = [128, 128, 128];

/** Ignored pixels are drawn white: neutral grey would look like a class. */
const ignored: Rgb = [255, 255, 255];

export function segmentColour(label: number, slot: PixelSlot): void {
  slot.set(label < 0 ? ignored : classColour(label));
}

/** From no error to the largest that is told apart: ever darker, so that it can be read without colours too. */
const errorRamp: readonly Rgb[] = [
  [248, 247, 244],
  [252, 205, 160],
  [238, 125, 60],
  [170, 50, 20],
  [74, 14, 14],
];

/** @param share 0 no error, 1 or more the largest that is told apart */
export function errorColour(share: number, slot: PixelSlot): void {
  onRamp(errorRamp, Math.min(1, Math.max(0, share)), slot);
}

/** Viridis (Smith & van der Walt 2015) at nine equal steps. */
const viridis: readonly Rgb[] = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

/** @param share 0 … 1 of the largest value; values outside are drawn as the nearest end */
export function depthColour(share: number, slot: PixelSlot): void {
  // The square root spreads the far range, where most of the scene is.
  onRamp(viridis, Math.sqrt(Math.min(1, Math.max(0, share))), slot);
}

/** @param share 0 … 1 of the way along the ramp */
function onRamp(ramp: readonly Rgb[], share: number, slot: PixelSlot): void {
  const place = share * (ramp.length - 1);
  const step = Math.min(ramp.length - 2, Math.floor(place));
  const from = ramp[step] ?? neutral;
  const to = ramp[step + 1] ?? neutral;
  for (let channel = 0; channel < 3; channel += 1) {
    const start = from[channel] as number;
    slot[channel] = Math.round(start + (place - step) * ((to[channel] as number) - start));
  }
}

/** Direction as hue, length as saturation: white at 0, the fullest colour at `longest`. */
export function vectorColour(dx: number, dy: number, longest: number, slot: PixelSlot): void {
  const saturation = Math.min(1, Math.sqrt(dx * dx + dy * dy) / longest);
  const hue = ((Math.atan2(dy, dx) / (2 * Math.PI) + 1) % 1) * 6;
  for (let channel = 0; channel < 3; channel += 1) {
    // HSV at value 1: each channel falls off with the hue's distance from its own sector.
    const sector = (5 - 2 * channel + hue) % 6;
    slot[channel] = Math.round(255 * (1 - saturation * Math.max(0, Math.min(sector, 4 - sector, 1))));
  }
}

/** Calls `paint` for each pixel with the three bytes it has to fill. */
export function paintPicture(height: number, width: number, paint: (pixel: number, slot: PixelSlot) => void): Picture {
  const rgb = new Uint8Array(3 * height * width);
  for (let pixel = 0; pixel < height * width; pixel += 1) paint(pixel, rgb.subarray(3 * pixel, 3 * pixel + 3));
  return { width, height, rgb };
}
