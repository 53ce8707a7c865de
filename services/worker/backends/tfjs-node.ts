import type { BackendCandidate } from './candidate.js';
import { openNative } from './native.js';

/** TensorFlow's C library on the CPU, all cores. */
export const tfjsNodeBackend: BackendCandidate = {
  name: 'tfjs-node',
  automatic: true,
  description: "TensorFlow's native library on the CPU",
  open: (threads) => openNative('@tensorflow/tfjs-node', threads),
};
