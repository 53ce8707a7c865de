import { z } from 'zod';
import { modelConfig } from './catalog/models.js';
import { optimizerConfig } from './catalog/optimizers.js';
import { transferOptions } from './catalog/transfer.js';
import { uncertaintyOptions } from './catalog/uncertainty.js';
import { weightingConfig } from './catalog/weightings.js';
import { workloadNames } from './catalog/workloads.js';
import { checkpointOptions } from './checkpoint-options.js';

export const backendRequests = [
  'auto',
  'tfjs-node-gpu',
  'tfjs-node',
  'webgpu',
  'wasm',
  'webgpu-software',
  'cpu',
] as const;
export type BackendRequest = (typeof backendRequests)[number];

/**
 * Everything a worker needs to train one trial; defaults are filled in, so that the same configuration means the same
 * run on every worker. Its canonical JSON is what a trial's id is made from.
 */
export const trialConfig = z.strictObject({
  version: z.literal(1),
  workload: z.enum(workloadNames),
  /** Options of the workload, checked against its schema when the sweep is planned and again by the worker. */
  data: z.record(z.string(), z.unknown()),
  /** The trained tasks, in the workload's order; a task of weight 0 is not here. */
  tasks: z.array(z.string()).min(1),
  weighting: weightingConfig,
  model: modelConfig,
  optimizer: optimizerConfig,
  /** What the network starts from; left out where all of it is drawn. */
  transfer: transferOptions.optional(),
  /** What it says of its own doubt, of the trained tasks only; left out where it says nothing. */
  uncertainty: uncertaintyOptions.optional(),
  epochs: z.int().min(1),
  batchSize: z.int().min(1),
  seed: z.int().min(0),
  checkpoint: checkpointOptions.prefault({}),
  limits: z.strictObject({
    /** Refused before training when the model has more parameters. */
    parameters: z.int().min(1),
    /** A trainer without progress for this long is killed, in seconds. */
    stallSeconds: z.number().positive(),
  }),
});
export type TrialConfig = z.infer<typeof trialConfig>;
