import * as tf from '@tensorflow/tfjs-core';

/**
 * Enlarges an image by repeating each pixel `factor` times along both axes: [b, h, w, c] → [b, h·f, w·f, c].
 *
 * Its gradient is the sum over each f × f block, written here as f² times the blocks' mean: TensorFlow.js's backends
 * disagree about their own gradient of nearest-neighbour resizing, and average pooling is right and fast in all.
 * @param factor whole number ≥ 1
 */
export function upsampleNearest(x: tf.Tensor4D, factor: number): tf.Tensor4D {
  const [, height, width] = x.shape;
  const upsample = tf.customGrad((image) => ({
    value: tf.image.resizeNearestNeighbor(image as tf.Tensor4D, [height * factor, width * factor]),
    gradFunc: (dy) => tf.mul(tf.avgPool(dy as tf.Tensor4D, factor, factor, 'valid'), factor * factor),
  }));
  return upsample(x) as tf.Tensor4D;
}
