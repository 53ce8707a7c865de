import type { backend_util, KernelConfig } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { input } from './workspace.js';

/**
 * Sums rows by segment, which the wasm backend lacks; it is the gradient of `tf.gather`.
 *
 * result[s, …] = Σ x[i, …] over all i with segmentIds[i] = s. Rows with a negative id, or one past the end, belong to no
 * segment and are dropped, as in TensorFlow. Sums are kept in double precision.
 *
 * Inputs: x [rows, …] float32 or int32, segmentIds [rows] int32; result [numSegments, …] of x's type.
 */
export const unsortedSegmentSum: KernelConfig = {
  kernelName: 'UnsortedSegmentSum',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as unknown as BackendWasm;
    const { numSegments } = attrs as unknown as { numSegments: number };
    const x = input(inputs, 'x');
    const segmentIds = input(inputs, 'segmentIds');
    const rowSize = x.shape.slice(1).reduce((product, side) => product * side, 1);
    const result = wasm.makeOutput([numSegments, ...x.shape.slice(1)], x.dtype);
    const sums = new Float64Array(numSegments * rowSize);
    const values: backend_util.TypedArray = wasm.typedArrayFromHeap(x);
    wasm.typedArrayFromHeap(segmentIds).forEach((segment: number, row: number) => {
      if (segment < 0 || segment >= numSegments) return;
      for (let i = 0; i < rowSize; i += 1) {
        const at = segment * rowSize + i;
        sums[at] = (sums[at] as number) + (values[row * rowSize + i] as number);
      }
    });
    wasm.typedArrayFromHeap(result).set(sums);
    return result;
  },
};
