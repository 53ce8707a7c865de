import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { BackendUnusable, type BackendCandidate } from './candidate.js';
import { checkBackend } from './check.js';
import { registerWasmTrainingKernels } from './kernels/registry.js';
import { processorFacts } from './processor.js';
import { watchMemory } from './wasm-memory.js';

const hint = 'Run `npm ci` again, and use a Node.js whose WebAssembly is switched on.';

/**
 * WebAssembly with SIMD on one thread. The package's threaded build starts web workers from a blob, which Node does not
 * have; several trainers at once fill the cores instead.
 */
export const wasmBackend: BackendCandidate = {
  name: 'wasm',
  automatic: true,
  description: 'WebAssembly on the CPU, one thread a trainer; works everywhere',
  open: async () => {
    const wasm = await import('@tensorflow/tfjs-backend-wasm');
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    wasm.setWasmPaths(dirname(entry) + sep);
    wasm.setThreadsCount(1);
    registerWasmTrainingKernels();
    if (!(await tf.setBackend('wasm'))) {
      throw new BackendUnusable('the WebAssembly module could not be started', hint);
    }
    watchMemory(tf.backend() as unknown as BackendWasm);
    await checkBackend(hint);
    return {
      ...processorFacts(),
      threads: wasm.getThreadsCount(),
      tensorflowVersion: `TensorFlow.js ${tf.version_core}`,
    };
  },
};
