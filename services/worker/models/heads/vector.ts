import * as tf from '@tensorflow/tfjs-core';
import type { EncoderBlock } from '../encoders/encoder.js';
import { dense } from '../layers/dense.js';
import type { ModelTask } from '../model.js';
import type { Head, HeadSurroundings } from './head.js';
import { outputGain } from './map.js';

/** Numbers for the whole image: the mean of the deepest features over all places, then a dense layer. */
export function vectorHead({ outputChannels }: ModelTask, { encoder }: HeadSurroundings): Head {
  const { channels } = encoder.blocks.at(-1) as EncoderBlock;
  const layer = dense({ name: 'dense', from: channels, to: outputChannels, gain: outputGain });
  return {
    parameters: layer.parameters,
    state: layer.state,
    apply: (features, scope) => layer.apply(tf.mean<tf.Tensor2D>(features.at(-1) as tf.Tensor4D, [1, 2]), scope),
  };
}
