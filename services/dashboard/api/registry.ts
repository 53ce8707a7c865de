import type { Endpoint } from './endpoint.js';
import { commandEndpoints } from './endpoints/commands.js';
import { showComparison, showCurves } from './endpoints/comparison.js';
import { showActions, showQueue, showSpecSchema, showWorkers } from './endpoints/installation.js';
import { checkSpec, submitSweep } from './endpoints/launch.js';
import { showSpec, showSweep, showSweeps } from './endpoints/sweeps.js';
import { showLog, showMetrics, showPictures } from './endpoints/trial-data.js';
import { showTrial, showTrials } from './endpoints/trials.js';

/** Every operation of the API. A new one is a definition in endpoints/ and a line here. */
export const endpoints: readonly Endpoint[] = [
  showSweeps,
  submitSweep,
  checkSpec,
  showSweep,
  showSpec,
  showComparison,
  showCurves,
  showTrials,
  showTrial,
  showMetrics,
  showLog,
  showPictures,
  ...commandEndpoints,
  showWorkers,
  showQueue,
  showActions,
  showSpecSchema,
];
