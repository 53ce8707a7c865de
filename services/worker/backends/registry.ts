import type { BackendCandidate } from './candidate.js';
import { cpuBackend } from './cpu.js';
import { tfjsNodeBackend } from './tfjs-node.js';
import { tfjsNodeGpuBackend } from './tfjs-node-gpu.js';
import { wasmBackend } from './wasm.js';
import { webgpuBackend, webgpuSoftwareBackend } from './webgpu.js';

/** The ladder, fastest first: `auto` takes the first automatic one that computes. */
export const backendLadder: readonly BackendCandidate[] = [
  tfjsNodeGpuBackend,
  tfjsNodeBackend,
  webgpuBackend,
  wasmBackend,
  webgpuSoftwareBackend,
  cpuBackend,
];
