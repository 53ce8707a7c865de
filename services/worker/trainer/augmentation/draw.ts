import type { Augmentation } from '../../../shared/catalog/augmentation.js';
import { mix } from '../random.js';

/** How one sample is changed. */
export interface Drawn {
  readonly flip: boolean;
  /** 1 leaves the size as it is; 2 enlarges a quarter of the picture to the whole. */
  readonly scale: number;
  /** Where the part lies that is enlarged: 0 at the left or top, 1 at the right or bottom. */
  readonly across: number;
  readonly down: number;
  /** Factors; 1 changes nothing. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
}

/** The place of each draw: an option that is added or left out leaves the draws of the others as they are. */
const draws = { flip: 0, scale: 1, across: 2, down: 3, brightness: 4, contrast: 5, saturation: 6 } as const;

/**
 * Draws the change of one sample in one epoch. It follows from these numbers alone, so that a training that is taken up
 * again, on whatever worker, changes it in the same way.
 */
export function drawAugmentation(
  { flip, scale, colour }: Augmentation,
  seed: number,
  epoch: number,
  sample: number,
): Drawn {
  const key = mix(mix(mix(0x7f4a7c15, seed), epoch), sample);
  const unit = (name: keyof typeof draws): number => mix(key, draws[name]) / 2 ** 32;
  const factor = (name: keyof typeof draws): number => 1 + colour * (2 * unit(name) - 1);
  return {
    flip: unit('flip') < flip,
    scale: 1 + (scale - 1) * unit('scale'),
    across: unit('across'),
    down: unit('down'),
    brightness: factor('brightness'),
    contrast: factor('contrast'),
    saturation: factor('saturation'),
  };
}
