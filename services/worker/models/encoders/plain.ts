import * as tf from '@tensorflow/tfjs-core';
import { spaceToDepth } from '../../operations/rearrange.js';
import { relu } from '../../operations/relu.js';
import { convolution, coordinates } from '../layers.js';
import type { ModelInput } from '../model.js';
import { deepestLevel, normalised, paddedSize, type Encoder, type EncoderBlock } from './encoder.js';

const placeFilter = 'place/filter';

/**
 * A plain convolutional network: one 3×3 convolution for each block. Block 1 sees 2×2 blocks of pixels as channels, and
 * where they are; blocks 2 and 3 halve the resolution; later ones keep it and add to their input (He et al. 2016) where
 * the channels allow.
 */
export function plainEncoder(channels: readonly number[], input: ModelInput): Encoder {
  const levelOf = (place: number): number => Math.min(place + 1, deepestLevel);
  const blocks = channels.map((to, place): EncoderBlock => {
    const from = place === 0 ? 4 * input.channels : (channels[place - 1] as number);
    const level = levelOf(place);
    const stride = place > 0 && level > levelOf(place - 1) ? 2 : 1;
    const layer = convolution({ name: String(place + 1), size: 3, from, to, stride });
    const common = {
      name: String(place + 1),
      channels: to,
      level,
      state: [],
      lastLayer: layer.parameters.map(({ name }) => name),
    };
    if (place === 0) {
      return {
        ...common,
        parameters: [{ name: placeFilter, shape: [1, 1, 2, to], deviation: 1 }, ...layer.parameters],
        apply: (x, scope) => relu(tf.add(layer.apply(x, scope), placeFeatures(scope.parameter(placeFilter)))),
      };
    }
    const adds = place >= deepestLevel && from === to;
    return {
      ...common,
      parameters: layer.parameters,
      apply: (x, scope) => relu(adds ? tf.add(layer.apply(x, scope), x) : layer.apply(x, scope)),
    };
  });

  // The same for every image, so it costs next to nothing beside channels added to the images.
  const placeFeatures = (filter: tf.Tensor): tf.Tensor4D => {
    const [height, width] = paddedSize(input).map((size) => size / 2) as [number, number];
    return tf.conv2d(tf.tensor4d(coordinates(height, width), [1, height, width, 2]), filter as tf.Tensor4D, 1, 'same');
  };

  return { blocks, prepare: (images) => spaceToDepth(normalised(images)) };
}
