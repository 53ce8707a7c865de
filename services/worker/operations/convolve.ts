import * as tf from '@tensorflow/tfjs-core';
import { addBias, biasGradient } from './add-bias.js';
import { fusedKernels, hasKernel } from './fused-kernel.js';

/** What TensorFlow.js's convolution kernels are told; zero-padded, channels last. */
interface Attributes {
  readonly strides: [number, number];
  readonly pad: 'same';
  readonly dataFormat: 'NHWC';
}

/**
 * Zero-padded convolution plus a bias: in one pass where the backend has a kernel for it, so that the result is not read
 * and written once more for the bias.
 * @param x [b, h, w, from]
 * @param filter [size, size, from, to]
 * @param bias [to]
 * @returns [b, ⌈h / stride⌉, ⌈w / stride⌉, to]
 */
export function convolveWithBias(x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D, stride: number): tf.Tensor4D {
  if (!hasKernel(fusedKernels.convolution)) return addBias(tf.conv2d(x, filter, stride, 'same'), bias);
  const attributes: Attributes = { strides: [stride, stride], pad: 'same', dataFormat: 'NHWC' };
  return tf.engine().runKernel(fusedKernels.convolution, { x, filter, bias }, attributes as unknown as tf.NamedAttrMap);
}

// Registered and not a customGrad: that would differentiate by the images too, which nobody asks for.
tf.registerGradient({
  kernelName: fusedKernels.convolution,
  inputsToSave: ['x', 'filter'],
  gradFunc: (dy, saved, attributes) => {
    const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
    const differentiate = (by: 'Input' | 'Filter', inputs: tf.NamedTensorMap, shape: object): tf.Tensor =>
      tf.engine().runKernel(`Conv2DBackprop${by}`, inputs, { ...attributes, ...shape });
    const gradient = dy as tf.Tensor4D;
    return {
      x: () => differentiate('Input', { dy: gradient, filter }, { inputShape: x.shape }),
      filter: () => differentiate('Filter', { x, dy: gradient }, { filterShape: filter.shape }),
      bias: () => biasGradient(gradient),
    };
  },
});
