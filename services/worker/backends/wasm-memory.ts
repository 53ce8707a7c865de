import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { DeviceFailure } from './device-failure.js';

const mebibyte = 2 ** 20;

/** Bytes that WebAssembly can have at most. */
const addressable = 2 ** 32;

/** The part of Emscripten's module that hands out memory; the package's types leave it out. */
interface Allocator {
  _malloc(bytes: number): number;
  _free(address: number): void;
  readonly HEAPU8: Uint8Array;
}

const watched = new WeakSet<object>();

/**
 * Makes the wasm backend fail where its memory ends. TensorFlow.js takes the address 0, with which its allocator says
 * that there is none, for a tensor's place, and goes on with numbers that overwrite each other.
 * @throws DeviceFailure OUT_OF_MEMORY, from then on, at the tensor that has no place
 */
export function watchMemory(backend: BackendWasm): void {
  const module = backend.wasm as unknown as Allocator;
  if (watched.has(module)) return;
  watched.add(module);
  // Emscripten puts the real function in its place at the first call.
  module._free(module._malloc(1));
  const allocate = module._malloc.bind(module);
  module._malloc = (bytes) => {
    // Sizes have 32 bits there: 4 GiB would be taken for 0, and written to all the same.
    if (bytes >= addressable) throw outOfMemory(bytes, module.HEAPU8.length);
    const address = allocate(bytes);
    if (address !== 0 || bytes === 0) return address;
    throw outOfMemory(bytes, module.HEAPU8.length);
  };
}

/** Bytes of the heap from which on a trap is taken for the end of memory: three of the four GiB that there can be. */
const fullHeap = 3 * 1024 * mebibyte;

/**
 * What is behind a trap in WebAssembly, which leaves the module unusable: its stack is not wound back. The package's own
 * code takes memory too, and reads a few bytes past a tensor, both without asking whether they are there.
 * @returns undefined for any other error
 */
export function wasmTrap(error: unknown): DeviceFailure | undefined {
  // WebAssembly.RuntimeError, which Node's types leave out.
  if (!(error instanceof Error) || error.name !== 'RuntimeError') return undefined;
  const heap = heapOfBackend();
  if (heap >= fullHeap) {
    return new DeviceFailure(
      'OUT_OF_MEMORY',
      `WebAssembly's memory, which has grown to ${inMebibytes(heap)} of at most 4096 MiB, is full (${error.message})`,
      false,
      hint,
    );
  }
  return new DeviceFailure(
    'WASM_TRAP',
    `WebAssembly stopped with "${error.message}" while its memory was ${inMebibytes(heap)}`,
    true,
    'It goes on in a new process. Please report it as a bug, with the trial’s configuration.',
  );
}

/** Bytes; 0 where the backend in use has none. */
function heapOfBackend(): number {
  const { wasm } = tf.backend() as unknown as { readonly wasm?: Allocator };
  return wasm?.HEAPU8.length ?? 0;
}

const hint =
  'Use a smaller batchSize, image or model; or a backend that has all of the machine’s memory (`sigmasweep backend link`).';

function outOfMemory(bytes: number, heap: number): DeviceFailure {
  return new DeviceFailure(
    'OUT_OF_MEMORY',
    `A tensor of ${inMebibytes(bytes)} has no place in the memory of WebAssembly, which has grown to ${inMebibytes(heap)}`,
    // Each trainer has a memory of its own, so that another attempt finds no more of it.
    false,
    hint,
  );
}

function inMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(bytes < 10 * mebibyte ? 1 : 0)} MiB`;
}
