import * as tf from '@tensorflow/tfjs-core';
import type { RegressionError, Residuals } from '../workload.js';

/**
 * What is between prediction and target at the places that count.
 * @param predictions [..., channels], raw head output
 * @param targets [..., channels] in their own unit
 * @param unit of the targets that an output of 1 stands for
 * @param valid [..., 1], 1 where the target counts and 0 elsewhere
 */
export function residualsOf(predictions: tf.Tensor, targets: tf.Tensor, unit: number, valid: tf.Tensor): Residuals {
  const scaled = unit === 1 ? targets : tf.div(targets, unit);
  return { differences: tf.mul(tf.sub(predictions, scaled), valid), valid };
}

/** Mean error over the places that count and over the output's channels, in the head's units; 0 where none counts. */
export function meanError({ differences, valid }: Residuals, error: RegressionError): tf.Scalar {
  const channels = differences.shape.at(-1) as number;
  return tf.div(tf.sum(errorsOf(differences, error)), tf.maximum(tf.mul(tf.sum(valid), channels), 1));
}

/**
 * Mean negative log likelihood of errors whose noise is predicted for each place (Kendall & Gal 2017, eqs. 5 and 8), by a
 * scale s that all channels of a place share; constants are left out, and each place counts by the mean of its channels:
 *
 * | error | likelihood | term of a place |
 * | --- | --- | --- |
 * | `absolute` | Laplace, s = log b | e^{−s}·mean e + s, e = absolute error |
 * | `squared` | Gaussian, s = log σ² | ½·e^{−s}·mean e + ½·s, e = squared error |
 *
 * For a fixed error the minimum is at s = log mean e. It can be negative.
 * @param logScale s, [..., 1]
 */
export function noisyError({ differences, valid }: Residuals, logScale: tf.Tensor, error: RegressionError): tf.Scalar {
  const errors = tf.mean(errorsOf(differences, error), -1, true);
  const terms = tf.add(tf.mul(tf.exp(tf.neg(logScale)), errors), logScale);
  const mean = tf.div<tf.Scalar>(tf.sum(tf.mul(terms, valid)), tf.maximum(tf.sum(valid), 1));
  return error === 'squared' ? tf.mul(mean, 0.5) : mean;
}

function errorsOf(differences: tf.Tensor, error: RegressionError): tf.Tensor {
  return error === 'squared' ? tf.square(differences) : tf.abs(differences);
}
