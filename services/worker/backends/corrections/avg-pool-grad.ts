import * as tf from '@tensorflow/tfjs-core';
import { forEachPoolWindow, type PoolCall } from '../kernels/pool-windows.js';

const kernelName = 'AvgPoolGrad';

/** Kernels of the packages that were wrapped, so that opening a backend again does not wrap the wrapper. */
const corrected = new WeakSet<tf.KernelConfig>();

/**
 * Corrects a backend's gradient of mean pooling. TensorFlow.js's cpu and webgpu kernels divide by the whole window also
 * where it is cut off at the border, while their forward kernels divide by what is inside the image. So the gradient is
 * multiplied by whole / inside before it is handed to the package's own kernel.
 */
export function correctAvgPoolGrad(backendName: string): void {
  const original = tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined;
  if (original === undefined || corrected.has(original)) return;
  const kernel: tf.KernelConfig = {
    ...original,
    kernelFunc: (kernelCall) => {
      const { dy, input } = kernelCall.inputs as { dy: tf.Tensor; input: tf.Tensor };
      const factors = cutOff(input.shape, kernelCall.attrs as unknown as PoolCall);
      if (factors === undefined) return original.kernelFunc(kernelCall);
      const [, height, width] = dy.shape as [number, number, number];
      const factor = tf.tensor4d(factors.subarray(0, height * width), [1, height, width, 1]);
      const scaled: tf.Tensor = tf.engine().runKernel('Multiply', { a: dy, b: factor });
      const gradient = original.kernelFunc({ ...kernelCall, inputs: { input, dy: scaled } });
      tf.dispose([factor, scaled]);
      return gradient;
    },
  };
  corrected.add(kernel);
  tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel(kernel);
}

/** Pixels of a whole window over those inside the image, for each output pixel; undefined where no window is cut off. */
function cutOff(shape: readonly number[], call: PoolCall): Float32Array | undefined {
  const [high, wide] = typeof call.filterSize === 'number' ? [call.filterSize, call.filterSize] : call.filterSize;
  const factors: number[] = [];
  forEachPoolWindow(shape, call, ({ top, bottom, left, right }) => {
    factors.push((high * wide) / Math.max(1, (bottom - top) * (right - left)));
  });
  return factors.every((factor) => factor === 1) ? undefined : Float32Array.from(factors);
}
