import { z } from 'zod';
import { storedCheckpoint } from './checkpoints.js';
import { errorRecord, id, version } from './common.js';

/** `train` holds per-epoch training quantities (loss, weights, σ²); `validation` and `test` hold the task metrics. */
export const metricSplits = ['train', 'validation', 'test'] as const;
export type MetricSplit = (typeof metricSplits)[number];

/** Stands where a task's name would for quantities of the whole trial (parameters, seconds per step). */
export const wholeTrial = 'trial';

/** One number. Its key is (trial, attempt, epoch, split, task, metric): the same point twice changes nothing. */
export const metricPoint = z.object({
  /** 0 = before training; n = after epoch n. */
  epoch: z.int().min(0),
  split: z.enum(metricSplits),
  task: z.string().max(64),
  metric: z.string().max(64),
  value: z.number(),
});
export type MetricPoint = z.infer<typeof metricPoint>;

/** Names of metrics of the whole trial that are read again, split `train`. */
export const trialMetrics = { parameters: 'parameters', multiplyAdds: 'multiplyAdds' } as const;

/** Names of the weighting's own metrics, split `train`, one per task and epoch. */
export const weightingMetrics = {
  loss: 'loss',
  /** Factor of the task's loss in the objective. */
  weight: 'weight',
  /** The same, scaled so that the tasks sum to 1: the axis of the grid. */
  normalisedWeight: 'normalisedWeight',
  logVariance: 'logVariance',
  variance: 'variance',
} as const;

/** Names of the whole trial's numbers of samples that were left out because their files are broken, by split. */
export const skippedMetrics = { train: 'skippedTrain', validation: 'skippedValidation', test: 'skippedTest' } as const;

/** `noise`: the deviation that the head predicts of each pixel; `epistemic`: what the network itself does not know. */
export const pictureKinds = ['input', 'truth', 'prediction', 'error', 'noise', 'epistemic'] as const;
export type PictureKind = (typeof pictureKinds)[number];

/**
 * What a truth or a prediction of a whole sample says: the likeliest of its classes or labels with their likelihoods, or
 * one number in the data's unit.
 */
export const pictureNumbers = z
  .array(
    z.object({
      /** Of the class or label. */
      name: z.string().max(64),
      /** Its place among all, which its colour follows from. */
      position: z.int().min(0),
      value: z.number(),
    }),
  )
  .max(5);
export type PictureNumbers = z.infer<typeof pictureNumbers>;

export const reportItem = z.discriminatedUnion('type', [
  z.object({ type: z.literal('metrics'), points: z.array(metricPoint).max(10_000) }),
  z.object({
    type: z.literal('log'),
    lines: z
      .array(
        z.object({
          /** Counts from 0 in each attempt, so that a line sent twice is stored once. */
          seq: z.int().min(0),
          at: z.iso.datetime(),
          level: z.enum(['debug', 'info', 'warn', 'error']),
          text: z.string().max(4000),
        }),
      )
      .max(1000),
  }),
  z.object({
    type: z.literal('picture'),
    epoch: z.int().min(0),
    /** Which of the shown samples. */
    sample: z.int().min(0).max(63),
    /** A task's name, or `wholeTrial` for the input. */
    task: z.string().max(64),
    kind: z.enum(pictureKinds),
    /** Base64 of a PNG file. */
    png: z.base64().max(700_000),
    numbers: pictureNumbers.optional(),
  }),
  z.object({
    type: z.literal('heartbeat'),
    /** Optimizer steps done and planned; undefined before the first. */
    step: z.int().min(0).optional(),
    steps: z.int().min(1).optional(),
  }),
  /** A checkpoint is stored: another attempt can go on from there. */
  z.object({ type: z.literal('checkpoint'), ...storedCheckpoint.omit({ attempt: true }).shape }),
  /** The attempt goes on from a checkpoint of an earlier one, whose numbers it says again. */
  z.object({ type: z.literal('resumed'), attempt: z.int().min(1), step: z.int().min(0) }),
  z.object({ type: z.literal('succeeded') }),
  z.object({
    type: z.literal('failed'),
    error: errorRecord,
    /** Whether another attempt could end differently; a bad configuration could not. */
    retryable: z.boolean(),
  }),
  /** The worker gives the trial back (it is stopping): the retry budget is not touched. */
  z.object({ type: z.literal('handed-back'), reason: z.string().max(1000) }),
]);
export type ReportItem = z.infer<typeof reportItem>;

/** Stream REPORTS: what one attempt says, in order. Items of a message are recorded together or not at all. */
export const reportMessage = z.object({
  v: version,
  trialId: id,
  attempt: z.int().min(1),
  workerId: id,
  items: z.array(reportItem).min(1).max(1000),
});
export type ReportMessage = z.infer<typeof reportMessage>;
