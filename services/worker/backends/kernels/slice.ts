import { slice_util, util, type KernelConfig } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { replacedKernel } from './replaced.js';
import { input } from './workspace.js';

interface Attributes {
  readonly begin: number | number[];
  readonly size: number | number[];
}

/** Below this many numbers a plain loop copies faster than the built-in copy starts. */
const shortRun = 24;

/**
 * Part of a tensor. The wasm backend's own first copies all of the input, which for the parts of one long vector costs
 * the square of its length; this one reads what it needs. Strings are left to the backend's own.
 *
 * Input: x; result x[begin … begin + size − 1] along each axis.
 */
export const slice: KernelConfig = {
  kernelName: 'Slice',
  backendName: 'wasm',
  kernelFunc: (call) => {
    const x = input(call.inputs, 'x');
    if (x.dtype === 'string' || x.dtype === 'complex64') return replacedKernel('Slice').kernelFunc(call);
    const wasm = call.backend as unknown as BackendWasm;
    const attributes = call.attrs as unknown as Attributes;
    // The parsing of TensorFlow.js looks at the shape only, but asks for a tensor.
    const parsed = slice_util.parseSliceParams(x, attributes.begin, attributes.size);
    const [begin, size] = parsed as [number[], number[]];
    const result = wasm.makeOutput(size, x.dtype);
    const from = wasm.typedArrayFromHeap(x) as Float32Array;
    const to = wasm.typedArrayFromHeap(result) as Float32Array;
    const strides = [...util.computeStrides(x.shape), 1];
    // Axes from `inner` on are taken whole, so they lie side by side.
    let inner = size.length - 1;
    while (inner > 0 && size[inner] === x.shape[inner]) inner -= 1;
    const run = size.slice(Math.max(0, inner)).reduce((product, side) => product * side, 1);
    let at = 0;
    const copy = (axis: number, offset: number): void => {
      if (axis >= inner) {
        const start = offset + (begin[axis] ?? 0) * (strides[axis] ?? 1);
        if (run < shortRun) for (let k = 0; k < run; k += 1) to[at + k] = from[start + k] as number;
        else to.set(from.subarray(start, start + run), at);
        at += run;
        return;
      }
      for (let k = 0; k < (size[axis] as number); k += 1) {
        copy(axis + 1, offset + ((begin[axis] as number) + k) * (strides[axis] as number));
      }
    };
    if (to.length > 0) copy(0, 0);
    return result;
  },
};
