import * as tf from '@tensorflow/tfjs-core';
import { mix } from '../trainer/random.js';

/**
 * A factor for each element that leaves out a share of them: 0, or 1/(1 − rate), so that the mean stays the same
 * (Srivastava et al. 2014, section 10). It follows from the key alone, on every backend.
 * @param rate 0 … 1, probability of 0
 */
export function dropoutMask(shape: readonly number[], rate: number, key: number): tf.Tensor {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const dropped = rate * 2 ** 32;
  const kept = 1 / (1 - rate);
  for (let index = 0; index < values.length; index += 1) values[index] = mix(key, index) < dropped ? 0 : kept;
  return tf.tensor(values, [...shape]);
}
