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
  const [truth, valid] = tf.tidy(() => {
    const flat = tf.cast(tf.reshape(labels, [-1]), 'int32');
    // A negative class number is outside the range of oneHot, of which backends make different rows.
    const counted = tf.cast(tf.greaterEqual(flat, tf.scalar(0, 'int32')), 'float32');
    const inRange = tf.maximum<tf.Tensor1D>(flat, tf.scalar(0, 'int32'));
    return [tf.cast(tf.oneHot(inRange, logits.shape[1]), 'float32') as tf.Tensor2D, counted];
  });
  return tf.div(tf.dot(crossEntropy(logits, truth), valid), tf.maximum(tf.sum(valid), 1));
}
