import * as tf from '@tensorflow/tfjs-core';
import { depthToSpace } from '../../operations/rearrange.js';
import { relu } from '../../operations/relu.js';
import { paddedSize, tapsOf, type EncoderBlock } from '../encoders/encoder.js';
import { convolution } from '../layers/convolution.js';
import { together } from '../layers/layer.js';
import type { ModelTask } from '../model.js';
import { noiseName, type Head, type HeadSurroundings } from './head.js';

/** The heads' last layers start small, so that first predictions are near 0 and first losses alike for all seeds. */
export const outputGain = 0.1;

/**
 * Numbers for each pixel: from the deepest features, sub-pixel convolutions double the resolution up to the image's, and
 * on the way a 1×1 convolution brings in the encoder's features of the same resolution. All 3×3 convolutions run at half
 * the image's resolution or less.
 */
export function mapHead(
  { outputChannels, noiseChannels = 0 }: ModelTask,
  { encoder, input, width }: HeadSurroundings,
): Head {
  const taps = tapsOf(encoder).map((place) => encoder.blocks[place] as EncoderBlock);
  const deepest = taps.length;
  /** From the deepest level to the first. */
  const ups = Array.from({ length: deepest }, (_, index) => {
    const level = deepest - index;
    return convolution({
      name: `up${level}`,
      size: 3,
      from: index === 0 ? (taps[deepest - 1] as EncoderBlock).channels : width,
      to: 4 * (level === 1 ? outputChannels : width),
      gain: level === 1 ? outputGain : 1,
    });
  });
  const noises =
    noiseChannels === 0 ? [] : [convolution({ name: noiseName, size: 3, from: width, to: 4 * noiseChannels, gain: 0 })];
  const skips = taps
    .slice(0, -1)
    .map(({ level, channels }) => convolution({ name: `skip${level}`, size: 1, from: channels, to: width }));
  const [fullHeight, fullWidth] = paddedSize(input);
  const isPadded = fullHeight > input.height || fullWidth > input.width;

  return {
    ...together([...ups, ...skips, ...noises]),
    apply: (features, scope) => {
      let x = features.at(-1) as tf.Tensor4D;
      for (const [index, up] of ups.entries()) {
        const level = deepest - index;
        const raised = joined([up, ...(level === 1 ? noises : [])].map((layer) => depthToSpace(layer.apply(x, scope))));
        if (level === 1) {
          return isPadded ? tf.slice(raised, [0, 0, 0, 0], [-1, input.height, input.width, -1]) : raised;
        }
        const skip = skips[level - 2]?.apply(features[level - 2] as tf.Tensor4D, scope) as tf.Tensor4D;
        x = scope.drop(`up${level}`, relu(tf.add(raised, skip)));
      }
      return x;
    },
  };
}

function joined(parts: readonly tf.Tensor4D[]): tf.Tensor4D {
  return parts.length === 1 ? (parts[0] as tf.Tensor4D) : tf.concat([...parts], 3);
}
