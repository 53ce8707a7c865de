import * as tf from '@tensorflow/tfjs-core';
import { fused, fusedKernels } from './fused-kernel.js';

/**
 * Rectified linear unit.
 *
 * TensorFlow.js's own gradient of it keeps the input beside the output and is made of three operations, one of which is
 * six more on native TensorFlow. This one needs the output only, which the next layer keeps anyhow.
 */
export function relu(x: tf.Tensor4D): tf.Tensor4D {
  const operation = tf.customGrad((...given) => {
    const [image, save] = given as [tf.Tensor4D, tf.GradSaveFunc];
    const value = tf.relu(image);
    save([value]);
    return {
      value,
      gradFunc: (dy, [saved]) => {
        const y = saved as tf.Tensor;
        return fused(fusedKernels.reluGradient, { dy, y }, () => tf.mul(dy, tf.step(y)));
      },
    };
  });
  return operation(x) as tf.Tensor4D;
}
