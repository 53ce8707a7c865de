import * as tf from '@tensorflow/tfjs-core';
import { BackendUnusable, type BackendCandidate } from './candidate.js';
import { checkBackend } from './check.js';
import { correctAvgPoolGrad } from './corrections/avg-pool-grad.js';
import { correctResizeGradients } from './corrections/cpu-resize-grad.js';
import { processorFacts } from './processor.js';

const hint = 'Run `npm ci` again.';

/** Plain JavaScript: hundreds of times slower than wasm, so only opened when it is asked for by name. */
export const cpuBackend: BackendCandidate = {
  name: 'cpu',
  automatic: false,
  description: 'plain JavaScript, very slow; for comparing results',
  open: async () => {
    await import('@tensorflow/tfjs-backend-cpu');
    if (!(await tf.setBackend('cpu'))) throw new BackendUnusable('the backend could not be started', hint);
    correctAvgPoolGrad('cpu');
    correctResizeGradients();
    await checkBackend(hint);
    return {
      ...processorFacts(),
      threads: 1,
      tensorflowVersion: `TensorFlow.js ${tf.version_core}`,
    };
  },
};
