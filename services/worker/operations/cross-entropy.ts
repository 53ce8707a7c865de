import * as tf from '@tensorflow/tfjs-core';
import { fused, fusedKernels } from './fused-kernel.js';

/**
 * Cross-entropy in nats of each row's softmax, with its gradient found on the way: it needs the same exponentials.
 * @param logits [n, c]
 * @param labels [n, c], each row a distribution; it is not differentiated
 * @returns [n]
 */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor2D): tf.Tensor1D {
  const operation = tf.customGrad((...given) => {
    const [rows, save] = given as [tf.Tensor2D, tf.GradSaveFunc];
    const [losses, slopes] = fused<[tf.Tensor, tf.Tensor]>(fusedKernels.crossEntropy, { logits: rows, labels }, () =>
      composed(rows, labels),
    );
    save([slopes]);
    return {
      value: losses,
      gradFunc: (dy, [saved]) => tf.mul(saved as tf.Tensor, tf.expandDims(dy, 1)),
    };
  });
  return operation(logits) as tf.Tensor1D;
}

/** −Σ y·log p = log Σ e^z − Σ y·z for Σ y = 1, and its gradient p − y; z are the logits less their largest. */
function composed(logits: tf.Tensor2D, labels: tf.Tensor2D): [tf.Tensor, tf.Tensor] {
  const shifted = tf.sub(logits, tf.max(logits, 1, true));
  const exponentials = tf.exp(shifted);
  const sums = tf.sum(exponentials, 1, true);
  const losses = tf.sub(tf.log(tf.squeeze(sums, [1])), tf.sum(tf.mul(labels, shifted), 1));
  return [losses, tf.sub(tf.div(exponentials, sums), labels)];
}
