import * as tf from '@tensorflow/tfjs-core';
import type { RegressionError } from '../workload.js';

/**
 * Mean error over the valid pixels of a batch and over the output's channels, in the head's units.
 * @param predictions [size, height, width, channels], raw head output
 * @param targets [size, height, width, channels] in their own unit
 * @param unit of the targets that an output of 1 stands for
 * @param valid [size, height, width, 1], 1 where the target counts and 0 elsewhere
 */
export function maskedRegressionLoss(
  predictions: tf.Tensor4D,
  targets: tf.Tensor4D,
  unit: number,
  valid: tf.Tensor4D,
  error: RegressionError,
): tf.Scalar {
  const [, , , channels] = predictions.shape;
  const difference = tf.mul(tf.sub(predictions, tf.div(targets, unit)), valid);
  const errors = error === 'squared' ? tf.square(difference) : tf.abs(difference);
  return tf.div(tf.sum(errors), tf.maximum(tf.mul(tf.sum(valid), channels), 1));
}
