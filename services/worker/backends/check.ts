import * as tf from '@tensorflow/tfjs-core';
import { BackendUnusable } from './candidate.js';

/** Numbers a float32 engine gets right to the last digit, so that a wrong one is not taken for rounding. */
const expectedConvolution = [12, 16, 24, 28];
const expectedProduct = [19, 22, 43, 50];

/**
 * Computes a small convolution, a matrix product and the gradients of training on the current backend and compares them with results worked out by
 * hand: a backend that loads can still be unable to compute, or compute wrongly.
 * @throws BackendUnusable
 */
export async function checkBackend(hint: string): Promise<void> {
  const image = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
  const filter = tf.ones<tf.Rank.R4>([2, 2, 1, 1]);
  const convolved = tf.conv2d(image, filter, 1, 'valid');
  const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2]));
  // The gradients of training, by name: which gradient belongs to which operation is not the backend's to say.
  const call = { strides: [1, 1], pad: 'valid', dataFormat: 'NHWC' };
  const dy = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
  const run = (name: string, inputs: tf.NamedTensorMap, attributes: object): tf.Tensor =>
    tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap);
  const byFilter = run('Conv2DBackpropFilter', { x: image, dy }, { ...call, filterShape: [2, 2, 1, 1] });
  const byInput = run('Conv2DBackpropInput', { dy, filter }, { ...call, inputShape: [1, 3, 3, 1] });
  // Largest values of 0 are common after a ReLU.
  const negative = tf.tensor4d([-1, -2, 0, -3, -4, -5, -6, 7], [1, 2, 4, 1]);
  const windows = { filterSize: [2, 2], strides: [2, 2], pad: 'valid' };
  const largest = tf.maxPool(negative, 2, 2, 'valid');
  const pair = tf.tensor4d([3, 5], [1, 1, 2, 1]);
  const byMaximum = run('MaxPoolGrad', { dy: pair, input: negative, output: largest }, windows);
  const small = tf.zeros<tf.Rank.R4>([1, 1, 2, 1]);
  const enlarged = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4, 1]);
  const byResizing = run(
    'ResizeNearestNeighborGrad',
    { images: small, dy: enlarged },
    { alignCorners: false, halfPixelCenters: false },
  );
  const results = [
    { name: 'a convolution', found: await convolved.data(), expected: expectedConvolution },
    { name: 'a matrix product', found: await product.data(), expected: expectedProduct },
    { name: 'the gradient of a filter', found: await byFilter.data(), expected: [37, 47, 67, 77] },
    { name: 'the gradient of a convolved image', found: await byInput.data(), expected: [1, 3, 2, 4, 10, 6, 3, 7, 4] },
    { name: 'the gradient of max pooling', found: await byMaximum.data(), expected: [3, 0, 0, 0, 0, 0, 0, 5] },
    { name: 'the gradient of resizing', found: await byResizing.data(), expected: [14, 22] },
  ];
  tf.dispose([image, filter, convolved, product, dy, byFilter, byInput, negative, largest, pair, byMaximum]);
  tf.dispose([small, enlarged, byResizing]);
  for (const { name, found, expected } of results) {
    if (found.length === expected.length && expected.every((value, i) => value === found[i])) continue;
    throw new BackendUnusable(`${name} came out as ${found.join(', ')} instead of ${expected.join(', ')}`, hint);
  }
}
