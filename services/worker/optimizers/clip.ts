import * as tf from '@tensorflow/tfjs-core';

export interface ClipOptions {
  readonly clipNorm?: number | undefined;
  readonly clipValue?: number | undefined;
}

/** As PyTorch has it, so that a gradient of no length is not divided by 0. */
const tiny = 1e-6;

/**
 * Bounds a gradient: first each element to ± `clipValue`, then the whole to the length `clipNorm` (Pascanu et al. 2013,
 * algorithm 1), by the factor min(1, clipNorm / (‖g‖ + 10⁻⁶)).
 */
export function clip(gradient: tf.Tensor1D, { clipNorm, clipValue }: ClipOptions): tf.Tensor1D {
  const bounded = clipValue === undefined ? gradient : tf.clipByValue(gradient, -clipValue, clipValue);
  if (clipNorm === undefined) return bounded;
  const length = tf.sqrt(tf.sum(tf.square(bounded)));
  return tf.mul(bounded, tf.minimum(tf.div(clipNorm, tf.add(length, tiny)), 1));
}
