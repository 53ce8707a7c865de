import * as tf from '@tensorflow/tfjs-core';
import { avgPoolGrad } from './avg-pool-grad.js';
import { conv2DBackpropFilter } from './conv2d-backprop-filter.js';
import { conv2DBackpropInput } from './conv2d-backprop-input.js';
import { conv2D, fusedConv2D } from './conv2d.js';
import { depthwiseBackpropFilter } from './depthwise-backprop-filter.js';
import { depthwiseBackpropInput } from './depthwise-backprop-input.js';
import { fusedOperations } from './fused-operations.js';
import { identity } from './identity.js';
import { maxPoolGrad } from './max-pool-grad.js';
import { rememberReplaced } from './replaced.js';
import { slice } from './slice.js';
import { unsortedSegmentSum } from './unsorted-segment-sum.js';

/** What the wasm backend needs to train, and to train fast; a kernel of the same name is replaced. */
export const wasmTrainingKernels: readonly tf.KernelConfig[] = [
  conv2D,
  fusedConv2D,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
  maxPoolGrad,
  avgPoolGrad,
  unsortedSegmentSum,
  identity,
  slice,
  ...fusedOperations,
];

/** Registers the training kernels. Call it after the wasm backend's package was loaded; again changes nothing. */
export function registerWasmTrainingKernels(): void {
  const present = new Map(tf.getKernelsForBackend('wasm').map((kernel) => [kernel.kernelName, kernel]));
  for (const kernel of wasmTrainingKernels) {
    const other = present.get(kernel.kernelName);
    if (other === undefined) {
      tf.registerKernel(kernel);
      continue;
    }
    // Setting the other one up again, for the backend that is opened, is what lets ours call it.
    const { setupFunc } = other;
    const ours = setupFunc === undefined || kernel.setupFunc !== undefined ? kernel : { ...kernel, setupFunc };
    if (other.kernelFunc === kernel.kernelFunc) continue;
    rememberReplaced(other);
    tf.unregisterKernel(kernel.kernelName, kernel.backendName);
    tf.registerKernel(ours);
  }
}
