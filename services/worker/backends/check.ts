import * as tf from '@tensorflow/tfjs-core';
import { BackendUnusable } from './candidate.js';

/** Numbers a float32 engine gets right to the last digit, so that a wrong one is not taken for rounding. */
const expectedConvolution = [12, 16, 24, 28];
const expectedProduct = [19, 22, 43, 50];

/**
 * Computes a small convolution and a matrix product on the current backend and compares them with results worked out by
 * hand: a backend that loads can still be unable to compute, or compute wrongly.
 * @throws BackendUnusable
 */
export async function checkBackend(hint: string): Promise<void> {
  const image = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
  const filter = tf.ones<tf.Rank.R4>([2, 2, 1, 1]);
  const convolved = tf.conv2d(image, filter, 1, 'valid');
  const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2]));
  const results = [
    { name: 'a convolution', found: await convolved.data(), expected: expectedConvolution },
    { name: 'a matrix product', found: await product.data(), expected: expectedProduct },
  ];
  tf.dispose([image, filter, convolved, product]);
  for (const { name, found, expected } of results) {
    if (found.length === expected.length && expected.every((value, i) => value === found[i])) continue;
    throw new BackendUnusable(`${name} came out as ${found.join(', ')} instead of ${expected.join(', ')}`, hint);
  }
}
