import type * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { SigmasweepError } from '../../../shared/errors.js';
import { simdModule, type SimdModule } from './simd/module.js';

/** A tensor on the wasm heap: where its numbers start, counted in floats and in bytes. */
export interface HeapTensor {
  readonly info: tf.TensorInfo;
  readonly start: number;
  readonly address: number;
}

/**
 * What a kernel allocates while it runs. Everything made through it is freed by `finish`, except the result: kernels
 * run below TensorFlow.js's own bookkeeping, so `tf.tidy` would not see what they leave behind.
 */
export class Workspace {
  private readonly owned = new Set<object>();

  constructor(private readonly backend: BackendWasm) {}

  /** A new float32 tensor whose content is whatever was in memory. */
  allocate(shape: number[]): HeapTensor {
    return this.own(this.backend.makeOutput(shape, 'float32'));
  }

  /** An input of the kernel, which is not ours to free. */
  borrow(info: tf.TensorInfo): HeapTensor {
    const address = this.backend.getMemoryOffset(info.dataId);
    return { info, start: address / Float32Array.BYTES_PER_ELEMENT, address };
  }

  /** This project's own functions on the same heap. */
  get simd(): SimdModule {
    return simdModule(this.backend);
  }

  /** The heap as floats. Take it anew after each allocation: growing the heap detaches older views. */
  floats(): Float32Array {
    // Emscripten's module has it; the package's types leave it out.
    const { HEAPU8 } = this.backend.wasm as unknown as { HEAPU8: Uint8Array };
    return new Float32Array(HEAPU8.buffer);
  }

  /** Frees one tensor early, to keep the peak of memory low. */
  free(tensor: HeapTensor): void {
    if (this.owned.delete(tensor.info.dataId)) this.backend.disposeData(tensor.info.dataId);
  }

  /** Frees all but the result, which then belongs to the caller. */
  finish(result: HeapTensor, shape: number[]): tf.TensorInfo {
    this.owned.delete(result.info.dataId);
    this.freeAll();
    return { dataId: result.info.dataId, shape, dtype: result.info.dtype };
  }

  /** Leaves one of several results to the caller. */
  keep(result: HeapTensor): tf.TensorInfo {
    this.owned.delete(result.info.dataId);
    return result.info;
  }

  freeAll(): void {
    for (const dataId of this.owned) this.backend.disposeData(dataId);
    this.owned.clear();
  }

  private own(info: tf.TensorInfo): HeapTensor {
    this.owned.add(info.dataId);
    return this.borrow(info);
  }
}

/** Runs `body` with a workspace that is emptied even when it throws. */
export function withWorkspace<Result extends tf.TensorInfo | tf.TensorInfo[]>(
  backend: unknown,
  body: (workspace: Workspace) => Result,
): Result {
  const workspace = new Workspace(backend as BackendWasm);
  try {
    return body(workspace);
  } finally {
    workspace.freeAll();
  }
}

/** A new tensor of zeros. */
export function zeros(workspace: Workspace, shape: number[]): HeapTensor {
  const tensor = workspace.allocate(shape);
  const size = shape.reduce((product, side) => product * side, 1);
  workspace.floats().fill(0, tensor.start, tensor.start + size);
  return tensor;
}

/** @throws SigmasweepError KERNEL_LAYOUT for a layout other than channels last, the only one the wasm backend has */
export function requireChannelsLast(kernelName: string, dataFormat: string): void {
  if (dataFormat === 'NHWC') return;
  throw new SigmasweepError(
    'KERNEL_LAYOUT',
    `${kernelName} on wasm was given ${dataFormat} tensors; it knows NHWC only`,
    {
      hint: 'Put the channels last.',
    },
  );
}

/** The numbers of one input; a kernel without it was called against its contract. */
export function input(inputs: tf.NamedTensorInfoMap, name: string): tf.TensorInfo {
  const tensor = inputs[name];
  if (tensor === undefined) throw new SigmasweepError('KERNEL_INPUT', `a kernel was run without its input ${name}`);
  return tensor;
}
