import type { BackendCandidate } from './candidate.js';
import { openNative } from './native.js';

/** TensorFlow's C library with CUDA; usable only where it really finds a GPU. */
export const tfjsNodeGpuBackend: BackendCandidate = {
  name: 'tfjs-node-gpu',
  automatic: true,
  description: "TensorFlow's native library on an NVIDIA GPU (CUDA)",
  open: (threads) => openNative('@tensorflow/tfjs-node-gpu', threads),
};
