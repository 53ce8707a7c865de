import * as tf from '@tensorflow/tfjs-core';
import { avgPoolGrad } from './avg-pool-grad.js';
import { conv2DBackpropFilter } from './conv2d-backprop-filter.js';
import { conv2DBackpropInput } from './conv2d-backprop-input.js';
import { depthwiseBackpropFilter } from './depthwise-backprop-filter.js';
import { depthwiseBackpropInput } from './depthwise-backprop-input.js';
import { maxPoolGrad } from './max-pool-grad.js';
import { unsortedSegmentSum } from './unsorted-segment-sum.js';

/** What the wasm backend needs on top of its own kernels to train; a kernel of the same name is replaced. */
export const wasmTrainingKernels: readonly tf.KernelConfig[] = [
  conv2DBackpropFilter,
  conv2DBackpropInput,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
  maxPoolGrad,
  avgPoolGrad,
  unsortedSegmentSum,
];

/** Registers the training kernels. Call it after the wasm backend's package was loaded; again changes nothing. */
export function registerWasmTrainingKernels(): void {
  const present = new Set(tf.getKernelsForBackend('wasm').map(({ kernelName }) => kernelName));
  for (const kernel of wasmTrainingKernels) {
    if (present.has(kernel.kernelName)) tf.unregisterKernel(kernel.kernelName, kernel.backendName);
    tf.registerKernel(kernel);
  }
}
