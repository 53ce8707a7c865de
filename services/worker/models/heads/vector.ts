import * as tf from '@tensorflow/tfjs-core';
import type { EncoderBlock } from '../encoders/encoder.js';
import { dense } from '../layers/dense.js';
import { together } from '../layers/layer.js';
import type { ModelTask } from '../model.js';
import { noiseName, type Head, type HeadSurroundings } from './head.js';
import { outputGain } from './map.js';

/** Numbers for the whole image: the mean of the deepest features over all places, then a dense layer. */
export function vectorHead({ outputChannels, noiseChannels = 0 }: ModelTask, { encoder }: HeadSurroundings): Head {
  const { channels } = encoder.blocks.at(-1) as EncoderBlock;
  const layers = [
    dense({ name: 'dense', from: channels, to: outputChannels, gain: outputGain }),
    ...(noiseChannels === 0 ? [] : [dense({ name: noiseName, from: channels, to: noiseChannels, gain: 0 })]),
  ];
  return {
    ...together(layers),
    apply: (features, scope) => {
      const pooled = scope.drop('pooled', tf.mean<tf.Tensor2D>(features.at(-1) as tf.Tensor4D, [1, 2]));
      const outputs = layers.map((layer) => layer.apply(pooled, scope));
      return outputs.length === 1 ? (outputs[0] as tf.Tensor2D) : tf.concat(outputs, 1);
    },
  };
}
