import * as tf from '@tensorflow/tfjs-core';
import { fused, fusedKernels } from './fused-kernel.js';

/** Added to variances, so that nothing is divided by 0. */
export const varianceFloor = 1e-5;

/** Of each channel, over the images and places of a batch. */
export interface BatchStatistics {
  readonly mean: tf.Tensor1D;
  /** Biased: the mean of the squared distances, which the batch is normalised by. */
  readonly variance: tf.Tensor1D;
}

/**
 * Normalises each channel by the batch's own mean and variance, then scales and shifts it (Ioffe & Szegedy 2015,
 * algorithm 1).
 *
 * The gradient runs through mean and variance as well. With N values a channel, x̂ the normalised ones and the sums over
 * them:
 *
 *     ∂/∂γ = Σ dy·x̂      ∂/∂β = Σ dy      ∂/∂x = γ/√(σ² + ε) · (dy − ∂/∂β / N − x̂ · ∂/∂γ / N)
 *
 * @param x [b, h, w, c]
 * @param scale γ, [c]
 * @param shift β, [c]
 * @param tell given the statistics; what it makes of them is not differentiated
 */
export function batchNormalise(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  shift: tf.Tensor1D,
  tell: (statistics: BatchStatistics) => void,
): tf.Tensor4D {
  const count = x.size / x.shape[3];
  const operation = tf.customGrad((...given) => {
    const [image, gamma, beta, save] = given as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    const mean = tf.div<tf.Tensor1D>(channelSums(image), count);
    const variance = tf.div<tf.Tensor1D>(channelSums(tf.square(tf.sub(image, mean))), count);
    tell({ mean, variance });
    const value = tf.batchNorm(image, mean, variance, beta, gamma, varianceFloor);
    save([image, mean, variance, gamma]);
    return {
      value,
      gradFunc: (dy, saved) => {
        const [input, centre, spread, factor] = saved as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
        const normalised = tf.batchNorm(input, centre, spread, undefined, undefined, varianceFloor);
        const shiftGradient = channelSums(dy as tf.Tensor4D);
        const scaleGradient = channelSums(tf.mul(dy, normalised));
        const away = tf.add(tf.mul(normalised, tf.div(scaleGradient, count)), tf.div(shiftGradient, count));
        const slope = tf.mul(factor, tf.rsqrt(tf.add(spread, varianceFloor)));
        return [tf.mul(tf.sub(dy, away), slope), scaleGradient, shiftGradient];
      },
    };
  });
  return operation(x, scale, shift) as tf.Tensor4D;
}

/** The same by statistics that are given, which is a scaling and a shift of each channel and no more. */
export function normaliseBy(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  shift: tf.Tensor1D,
  { mean, variance }: BatchStatistics,
): tf.Tensor4D {
  return tf.batchNorm(x, mean, variance, shift, scale, varianceFloor);
}

function channelSums(x: tf.Tensor4D): tf.Tensor1D {
  return fused<tf.Tensor1D>(fusedKernels.biasGradient, { dy: x }, () => tf.sum<tf.Tensor1D>(x, [0, 1, 2]));
}
