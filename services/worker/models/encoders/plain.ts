import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from '../../../shared/catalog/encoders.js';
import { spaceToDepth } from '../../operations/rearrange.js';
import { relu } from '../../operations/relu.js';
import { convolution } from '../layers/convolution.js';
import { inSequence, plainly } from '../layers/layer.js';
import { place as placeOf } from '../layers/place.js';
import type { ModelInput } from '../model.js';
import {
  deepestLevel,
  encoderBlock,
  levelOf,
  normalised,
  sizeAt,
  strideOf,
  type Encoder,
  type EncoderBlock,
} from './encoder.js';

type PlainOptions = Omit<Extract<EncoderConfig, { name: 'plain' }>, 'name'>;

/**
 * A plain convolutional network: one 3×3 convolution for each block. Block 1 sees 2×2 blocks of pixels as channels, and
 * where they are; blocks 2 and 3 halve the resolution; later ones keep it and add to their input (He et al. 2016) where
 * the channels allow.
 */
export function plainEncoder({ channels }: PlainOptions, input: ModelInput): Encoder {
  const blocks = channels.map((to, place): EncoderBlock => {
    const name = String(place + 1);
    const from = place === 0 ? 4 * input.channels : (channels[place - 1] as number);
    const layer = convolution({ name, size: 3, from, to, stride: strideOf(place) });
    const common = { name, channels: to, level: levelOf(place) };
    if (place === 0) {
      const placed = placeOf(to, ...sizeAt(1, input));
      return encoderBlock({ ...common, layers: [inSequence([layer, placed, plainly(relu)])] });
    }
    if (place < deepestLevel || from !== to) {
      return encoderBlock({ ...common, layers: [inSequence([layer, plainly(relu)])] });
    }
    const residual = { ...layer, apply: (x, scope) => relu(tf.add(layer.apply(x, scope), x)) } satisfies typeof layer;
    return encoderBlock({ ...common, layers: [residual] });
  });
  return { blocks, prepare: (images) => spaceToDepth(normalised(images)) };
}
