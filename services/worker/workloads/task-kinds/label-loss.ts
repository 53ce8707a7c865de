import * as tf from '@tensorflow/tfjs-core';
import { crossEntropy } from '../../operations/cross-entropy.js';

/**
 * Mean cross-entropy in nats over the positions whose label is not negative; 0 where all are.
 *
 * The true class is picked by a one-hot mask: the gradient needs elementwise kernels only, where gather's would need
 * UnsortedSegmentSum.
 * @param logits [n, classes]
 * @param labels Int32, n of them in any shape
 */
export function labelLoss(logits: tf.Tensor2D, labels: tf.Tensor): tf.Scalar {
  const { truth, valid } = truthOf(labels, logits.shape[1]);
  return meanOver(valid, crossEntropy(logits, truth));
}

/**
 * Mean negative log likelihood in nats of classes whose logits are noisy, each with a variance that is predicted for each
 * place (Kendall & Gal 2017, section 3.3, eq. 12): −log of the mean over samples t of softmax(f + σ ∘ ε_t) at the true class,
 * σ² = e^s. It is never negative.
 * @param logits f, [..., classes]
 * @param logVariances s, in the shape of `logits`
 * @param labels Int32, one for each place, in any shape; negative ones do not count
 * @param noise ε, [samples, places, classes], standard normal
 */
export function noisyLabelLoss(
  logits: tf.Tensor,
  logVariances: tf.Tensor,
  labels: tf.Tensor,
  noise: tf.Tensor3D,
): tf.Scalar {
  const [samples, places, classes] = noise.shape;
  const { truth, valid } = truthOf(labels, classes);
  const rows = (x: tf.Tensor): tf.Tensor3D => tf.reshape(x, [1, places, classes]);
  const deviations = tf.exp(tf.mul(rows(logVariances), 0.5));
  const noisy = tf.add(rows(logits), tf.mul(deviations, noise));
  const losses = crossEntropy(tf.reshape(noisy, [samples * places, classes]), tf.tile(truth, [samples, 1]));
  const logLikelihoods = tf.neg(tf.reshape(losses, [samples, places]));
  const means = tf.sub<tf.Tensor1D>(tf.logSumExp(logLikelihoods, 0), Math.log(samples));
  return tf.neg(meanOver(valid, means));
}

/** One row for each place, and 1 where it counts, 0 elsewhere. */
function truthOf(labels: tf.Tensor, classes: number): { readonly truth: tf.Tensor2D; readonly valid: tf.Tensor1D } {
  return tf.tidy(() => {
    const flat = tf.cast(tf.reshape(labels, [-1]), 'int32');
    // A negative class number is outside the range of oneHot, of which backends make different rows.
    const valid = tf.cast<tf.Tensor1D>(tf.greaterEqual(flat, tf.scalar(0, 'int32')), 'float32');
    const inRange = tf.maximum<tf.Tensor1D>(flat, tf.scalar(0, 'int32'));
    return { truth: tf.cast(tf.oneHot(inRange, classes), 'float32') as tf.Tensor2D, valid };
  });
}

function meanOver(valid: tf.Tensor1D, values: tf.Tensor1D): tf.Scalar {
  return tf.div(tf.dot(values, valid), tf.maximum(tf.sum(valid), 1));
}
