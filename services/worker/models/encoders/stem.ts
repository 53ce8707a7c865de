import { relu } from '../../operations/relu.js';
import { batchNorm } from '../layers/batch-norm.js';
import { convolution } from '../layers/convolution.js';
import { inSequence, plainly, type Layer } from '../layers/layer.js';
import { place } from '../layers/place.js';
import type { ModelInput } from '../model.js';
import { sizeAt } from './encoder.js';

/**
 * The first layer of a normalised encoder: a 3×3 convolution of 2×2 blocks of pixels, which are its input's channels,
 * with their places, batch-normalised.
 */
export function normalisedStem(channels: number, momentum: number, input: ModelInput): Layer {
  return inSequence([
    convolution({ name: 'stem', size: 3, from: 4 * input.channels, to: channels, bias: false }),
    place(channels, ...sizeAt(1, input)),
    batchNorm('stem', channels, momentum),
    plainly(relu),
  ]);
}
