import * as tf from '@tensorflow/tfjs-core';
import type { RegressionError } from '../workload.js';
import { pixelsPerOutput } from './units.js';

/**
 * Mean error over the valid pixels of a batch and over the output's channels, in the head's units of 1/64 image width.
 * @param predictions [size, height, width, channels], raw head output
 * @param targets [size, height, width, channels] in px
 * @param valid [size, height, width, 1], 1 where the target counts and 0 elsewhere
 */
export function maskedRegressionLoss(
  predictions: tf.Tensor4D,
  targets: tf.Tensor4D,
  valid: tf.Tensor4D,
  error: RegressionError,
): tf.Scalar {
  const [, , width, channels] = predictions.shape;
  const difference = tf.mul(tf.sub(predictions, tf.div(targets, pixelsPerOutput(width))), valid);
  const errors = error === 'squared' ? tf.square(difference) : tf.abs(difference);
  return tf.div(tf.sum(errors), tf.maximum(tf.mul(tf.sum(valid), channels), 1));
}
