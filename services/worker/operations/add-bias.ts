import * as tf from '@tensorflow/tfjs-core';
import { fused, fusedKernels } from './fused-kernel.js';

/**
 * Adds one number to each channel.
 * @param x [b, h, w, c]
 * @param bias [c]
 */
export function addBias(x: tf.Tensor4D, bias: tf.Tensor1D): tf.Tensor4D {
  const operation = tf.customGrad((...given) => ({
    value: sum(...(given as [tf.Tensor, tf.Tensor])),
    gradFunc: (dy) => [
      // A tensor of its own: whoever adds gradients up disposes of the parts.
      tf.clone(dy),
      biasGradient(dy as tf.Tensor4D),
    ],
  }));
  return operation(x, bias) as tf.Tensor4D;
}

function sum(x: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return fused(fusedKernels.addBias, { x, bias }, () => tf.add(x, bias));
}

/**
 * @param dy [b, h, w, c]
 * @returns its sum over all but the channels, [c]
 */
export function biasGradient(dy: tf.Tensor4D): tf.Tensor1D {
  return fused(fusedKernels.biasGradient, { dy }, () => tf.sum<tf.Tensor1D>(dy, [0, 1, 2]));
}
