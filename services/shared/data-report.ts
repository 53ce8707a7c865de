import { z } from 'zod';
import { taskKinds } from './catalog/metrics.js';

/** Numbers of one channel, over everything that counts. */
const numberRange = z.object({
  name: z.string(),
  unit: z.string(),
  least: z.number(),
  most: z.number(),
  mean: z.number(),
  deviation: z.number(),
});
export type NumberRange = z.output<typeof numberRange>;

const classShare = z.object({
  name: z.string(),
  /** Of the pixels or samples that count. */
  share: z.number(),
  /** How many samples have it. */
  samples: z.int(),
});
export type ClassShare = z.output<typeof classShare>;

/** The input of a split, or the targets of one task. */
const partReport = z.object({
  /** `image`, or the task's name. */
  name: z.string(),
  kind: z.enum(['image', ...taskKinds]),
  /** As losses and networks are given it. */
  dtype: z.enum(['float32', 'int32']),
  /** Of one sample. */
  shape: z.array(z.int()),
  /** Share of the pixels, or of the samples, that count: neither ignored nor invalid. */
  counted: z.number(),
  /** Samples of which nothing counts. */
  samplesWithout: z.int(),
  /** Empty where nothing counts, and for classes. */
  ranges: z.array(numberRange),
  /** In the order of their numbers; empty for what has none. */
  classes: z.array(classShare),
});
export type PartReport = z.output<typeof partReport>;

const splitReport = z.object({
  samples: z.int(),
  /** Samples with a file that cannot be used. */
  leftOut: z.int(),
  broken: z.array(z.object({ code: z.string(), file: z.string(), message: z.string(), hint: z.string().optional() })),
  /** What the files of each part hold, and how many of them. */
  forms: z.record(z.string(), z.record(z.string(), z.int())),
  parts: z.array(partReport),
});
export type SplitReport = z.output<typeof splitReport>;

/** What a worker says of a data set: the answer of `sigmasweep data check`. */
export const dataReport = z.object({
  workload: z.string(),
  /** Under the data root; left out where nothing is read from files. */
  folder: z.string().optional(),
  height: z.int(),
  width: z.int(),
  channels: z.int(),
  splits: z.object({ train: splitReport, validation: splitReport, test: splitReport }),
  /** What a person should know and what breaks nothing. */
  notes: z.array(z.string()),
});
export type DataReport = z.output<typeof dataReport>;

/** What the worker's program prints: a report, or why there is none. */
export const dataAnswer = z.union([
  z.object({ report: dataReport }),
  /** `faults`: of the spec, where it is that which has them. */
  z.object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string().optional(),
      faults: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    }),
  }),
]);
export type DataAnswer = z.output<typeof dataAnswer>;
