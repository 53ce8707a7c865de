import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from '../../../shared/catalog/encoders.js';
import { relu } from '../../operations/relu.js';
import { convolution } from '../layers/convolution.js';
import { inSequence, plainly } from '../layers/layer.js';
import type { ModelInput } from '../model.js';
import { encoderBlock, type Encoder, type EncoderBlock } from './encoder.js';

type DenseOptions = Omit<Extract<EncoderConfig, { name: 'dense' }>, 'name'>;

/**
 * Fully connected layers, as 1×1 convolutions of a single place that has all numbers of the sample as its channels. The
 * numbers are taken as they are: whoever brings features along standardises them.
 */
export function denseEncoder({ channels }: DenseOptions, { height, width, channels: from }: ModelInput): Encoder {
  const inputs = height * width * from;
  const blocks = channels.map((to, place): EncoderBlock => {
    const name = String(place + 1);
    const layer = convolution({ name, size: 1, from: place === 0 ? inputs : (channels[place - 1] as number), to });
    return encoderBlock({ name, channels: to, level: 0, layers: [inSequence([layer, plainly(relu)])] });
  });
  return { blocks, prepare: (images) => tf.reshape(images, [-1, 1, 1, inputs]) };
}
