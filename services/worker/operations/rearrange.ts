import * as tf from '@tensorflow/tfjs-core';
import { fused, fusedKernels } from './fused-kernel.js';

/**
 * Moves 2×2 blocks of pixels into channels: [b, h, w, c] → [b, h/2, w/2, 4c]. Halves the resolution without losing
 * detail, so that a first convolution costs a quarter.
 */
export function spaceToDepth(x: tf.Tensor4D): tf.Tensor4D {
  return rearrange(x, blocksToChannels, channelsToBlocks);
}

/**
 * The reverse: [b, h, w, 4c] → [b, 2h, 2w, c], the sub-pixel convolution's rearrangement (Shi et al. 2016). TensorFlow.js
 * has no gradient for its own depthToSpace.
 */
export function depthToSpace(x: tf.Tensor4D): tf.Tensor4D {
  return rearrange(x, channelsToBlocks, blocksToChannels);
}

type Rearrangement = (x: tf.Tensor4D) => tf.Tensor4D;

/** One is the other's inverse and, as they only move numbers, its gradient. */
function rearrange(x: tf.Tensor4D, forth: Rearrangement, back: Rearrangement): tf.Tensor4D {
  const operation = tf.customGrad((image) => ({
    value: forth(image as tf.Tensor4D),
    gradFunc: (dy) => back(dy as tf.Tensor4D),
  }));
  return operation(x) as tf.Tensor4D;
}

function blocksToChannels(x: tf.Tensor4D): tf.Tensor4D {
  return fused(fusedKernels.spaceToDepth, { x }, () => {
    const [batch, height, width, channels] = x.shape;
    const rows = tf.reshape(x, [(batch * height) / 2, 2, width / 2, 2 * channels]);
    return tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [batch, height / 2, width / 2, 4 * channels]);
  });
}

function channelsToBlocks(x: tf.Tensor4D): tf.Tensor4D {
  return fused(fusedKernels.depthToSpace, { x }, () => {
    const [batch, height, width, channels] = x.shape;
    const rows = tf.reshape(x, [batch * height, width, 2, channels / 2]);
    return tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [batch, 2 * height, 2 * width, channels / 4]);
  });
}
