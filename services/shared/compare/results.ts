import { z } from 'zod';
import { workloadNames } from '../catalog/workloads.js';
import { sweepStates, trialStates } from '../trial-state.js';

/** `single`: one task alone; `fixed`: constant weights; `learned`: weights that move during training. */
export const settingKinds = ['single', 'fixed', 'learned'] as const;

/** One row of the comparison: a way to weigh the losses, trained with every seed. */
export const setting = z.object({
  /** Stable within the sweep; the trials of all seeds share it. */
  key: z.string(),
  /** Row order, from 0, as the spec lists them. */
  position: z.int().min(0),
  label: z.string(),
  kind: z.enum(settingKinds),
  /** Weighting method. */
  method: z.string(),
  /** The trained tasks. */
  tasks: z.array(z.string()),
  /**
   * Weight of every task of the sweep, 0 where not trained; null where weights are learned, differ between the seeds, or
   * wait for other rows.
   */
  weights: z.record(z.string(), z.number()).nullable(),
  /** Name of its architecture; this and the next are left out where the sweep has one only. */
  model: z.string().nullish(),
  /** The single-task networks that it is measured against are those of the same basis. */
  basis: z.string().nullish(),
  /** How the weights of a row that depends on others came about. */
  note: z.string().nullish(),
});
export type Setting = z.infer<typeof setting>;

/** The end of a learned run, per task. */
export const finalWeight = z.object({
  task: z.string(),
  weight: z.number(),
  normalisedWeight: z.number(),
  /** σ², for weightings that have one. */
  variance: z.number().nullable(),
});

export const trialResult = z.object({
  trialId: z.string(),
  settingKey: z.string(),
  label: z.string(),
  seed: z.int(),
  state: z.enum(trialStates),
  /** Metrics on the held-out test split of the finished attempt (unscaled); empty until the trial has succeeded. */
  metrics: z.array(z.object({ task: z.string(), metric: z.string(), value: z.number() })),
  /** Metrics on the validation split after the last epoch; left out where nothing is chosen by them. */
  validation: z.array(z.object({ task: z.string(), metric: z.string(), value: z.number() })).optional(),
  finalWeights: z.array(finalWeight),
  /** Of a trial that was stopped early: by which rule, judged by which epoch's numbers, and why in words. */
  stop: z.object({ rule: z.string(), epoch: z.int(), message: z.string() }).nullish(),
  /** Of the network as it was at the end; null until the trial has succeeded. */
  parameters: z.number().nullish(),
  /** Of the forward pass of one image. */
  multiplyAdds: z.number().nullish(),
});
export type TrialResult = z.infer<typeof trialResult>;

/** What a comparison is made from. */
export const sweepResults = z.object({
  sweepId: z.string(),
  name: z.string(),
  workload: z.enum(workloadNames),
  /** The spec's `data`, which may declare the tasks. */
  data: z.record(z.string(), z.unknown()).optional(),
  /** The sweep's tasks in column order. */
  tasks: z.array(z.string()),
  state: z.enum(sweepStates),
  settings: z.array(setting),
  /** Samples of each split that were left out because their files are broken; nothing where there were none. */
  skipped: z.object({ train: z.int(), validation: z.int(), test: z.int() }).optional(),
  /** How the settings were searched, tuned and stopped, in sentences; left out where the spec lists all that is trained. */
  procedure: z.array(z.string()).optional(),
  /** Where each setting was trained with several learning rates: what one of them is chosen by. */
  tuning: z.object({ metric: z.string() }).optional(),
  trials: z.array(trialResult),
});
export type SweepResults = z.infer<typeof sweepResults>;
