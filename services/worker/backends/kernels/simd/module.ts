import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { SigmasweepError } from '../../../../shared/errors.js';
import { packageRoot } from '../../../../shared/version.js';

/** The part of the engine's WebAssembly interface that is used here; the types of Node.js 20 leave it out. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/**
 * This project's own WebAssembly functions, compiled from `assembly/`, whose files say what each does. They work on the
 * heap of TensorFlow.js's module. Addresses are in bytes, everything else is counted in floats.
 */
export interface SimdModule {
  convolve(
    x: number,
    filter: number,
    bias: number,
    y: number,
    images: number,
    rows: number,
    columns: number,
    xImage: number,
    xRow: number,
    xPixel: number,
    tapRows: number,
    tapRow: number,
    run: number,
    outputs: number,
    yImage: number,
    yRow: number,
    yPixel: number,
    relu: number,
  ): void;
  filterGradient(
    x: number,
    dy: number,
    dw: number,
    images: number,
    rows: number,
    columns: number,
    xImage: number,
    xRow: number,
    xPixel: number,
    tapRows: number,
    tapRow: number,
    run: number,
    outputs: number,
    blockRows: number,
  ): void;
  packFilter(filter: number, to: number, places: number, outputs: number): void;
  packTurnedFilter(
    filter: number,
    to: number,
    filterWidth: number,
    inputs: number,
    outputs: number,
    firstRow: number,
    firstColumn: number,
    strideHeight: number,
    strideWidth: number,
    tapRows: number,
    tapColumns: number,
  ): void;
  padImages(
    from: number,
    to: number,
    images: number,
    height: number,
    rowFloats: number,
    above: number,
    below: number,
    before: number,
    after: number,
  ): void;
  reluGradient(dy: number, y: number, dx: number, size: number): void;
  sumRows(matrix: number, sums: number, rows: number, columns: number): void;
  swapMiddle(from: number, to: number, outer: number, a: number, b: number, run: number): void;
  crossEntropy(logits: number, labels: number, losses: number, slopes: number, rows: number, classes: number): void;
  adam(
    gradient: number,
    m: number,
    v: number,
    newM: number,
    newV: number,
    step: number,
    size: number,
    first: number,
    second: number,
    epsilon: number,
    rate: number,
  ): void;
  fitRows(from: number, to: number, rows: number, width: number, toWidth: number): void;
  winogradFilter(packed: number, to: number, panels: number, inputs: number): void;
  winogradConvolve(
    x: number,
    filter: number,
    bias: number,
    y: number,
    noBias: number,
    v: number,
    m: number,
    images: number,
    rows: number,
    columns: number,
    xImage: number,
    xRow: number,
    inputs: number,
    outputs: number,
    block: number,
    relu: number,
  ): void;
  winogradFilterGradient(
    x: number,
    dy: number,
    v: number,
    g: number,
    sums: number,
    images: number,
    tileRows: number,
    tileColumns: number,
    xImage: number,
    xRow: number,
    inputs: number,
    outputs: number,
    block: number,
  ): void;
  winogradFilterSum(sums: number, to: number, floats: number): void;
}

const folder = join(packageRoot, 'dist', 'simd');

/** Modules by the backend whose memory they work on; a backend that was closed and opened again is another. */
const modules = new WeakMap<BackendWasm, SimdModule>();

/**
 * The functions on a backend's heap; compiled on first use, which takes a few milliseconds.
 * @throws SigmasweepError SIMD_MODULE when they were not built or the heap cannot be reached
 */
export function simdModule(backend: BackendWasm): SimdModule {
  const known = modules.get(backend);
  if (known !== undefined) return known;
  const opened = openModule(backend);
  modules.set(backend, opened);
  return opened;
}

function openModule(backend: BackendWasm): SimdModule {
  // Emscripten's module has it; the package's types leave it out.
  const { memory } = (backend.wasm as unknown as { asm?: { memory?: object } }).asm ?? {};
  if (memory === undefined) {
    throw new SigmasweepError('SIMD_MODULE', "the heap of TensorFlow.js's WebAssembly module cannot be reached", {
      hint: 'Run `npm ci` again: package-lock.json names the version that this project works with.',
    });
  }
  try {
    // The faster one is for engines that know relaxed SIMD, as Node.js does from 22 on.
    const files = ['fused.wasm', 'plain.wasm'].map((file) => readFileSync(join(folder, file)));
    const known = files.find((file) => WebAssembly.validate(file)) ?? files[1];
    const compiled = new WebAssembly.Module(known as Buffer);
    return new WebAssembly.Instance(compiled, { env: { memory } }).exports as SimdModule;
  } catch (error) {
    throw new SigmasweepError('SIMD_MODULE', "this project's WebAssembly module could not be opened", {
      hint: 'Run `npm run build` again.',
      cause: error,
    });
  }
}
