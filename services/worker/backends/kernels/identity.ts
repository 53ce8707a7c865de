import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { input } from './workspace.js';

/**
 * Another tensor of the same numbers; replaces the wasm backend's own, which copies them. Tensors never change, and
 * their memory is counted by references, so both can share it, as on TensorFlow.js's other backends. A training step
 * makes some 150 of them: every tensor that a gradient needs is kept as one.
 *
 * Input: x; result of x's shape and type.
 */
export const identity: KernelConfig = {
  kernelName: 'Identity',
  backendName: 'wasm',
  kernelFunc: ({ inputs, backend }) => {
    const { dataId, shape, dtype } = input(inputs, 'x');
    (backend as unknown as BackendWasm).incRef(dataId);
    return { dataId, shape, dtype };
  },
};
