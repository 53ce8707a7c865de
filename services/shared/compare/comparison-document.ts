import { z } from 'zod';
import { sweepStates, trialStates } from '../trial-state.js';
import { settingKinds } from './results.js';

/** Over the seeds that have finished. */
const spread = z.object({
  mean: z.number(),
  sd: z.number().nullable().describe('Sample standard deviation; null for one seed.'),
  n: z.int().describe('Seeds behind the mean.'),
});
/** Laid into the object that it belongs to, whose other fields are there before a seed has finished. */
const spreadOnceKnown = spread.partial().shape;

const weightOfTask = z.object({
  task: z.string(),
  trained: z.boolean(),
  fixed: z.number().nullable().describe('The constant weight; null where it is learned.'),
  learned: z
    .object({ weight: spread, share: spread, variance: spread.nullable() })
    .nullable()
    .describe('The end of training; null for constant weights and before a seed has finished.'),
});

const metricOfSetting = z.object({
  task: z.string(),
  metric: z.string(),
  ...spreadOnceKnown,
  bySeed: z.record(z.string(), z.number()),
  best: z.boolean(),
  notSignificantlyWorse: z.boolean(),
  p: z.number().nullable().describe('Holm-adjusted, against the best of the column; null where nothing was tested.'),
});

const deltaOfSetting = z.object({
  ...spreadOnceKnown,
  best: z.boolean(),
  notSignificantlyWorse: z.boolean(),
  shares: z.array(z.object({ task: z.string(), ...spreadOnceKnown })),
});

const comparedSetting = z.object({
  key: z.string(),
  label: z.string(),
  kind: z.enum(settingKinds),
  method: z.string(),
  architecture: z.string().nullable(),
  tasks: z.array(z.string()),
  weights: z.array(weightOfTask),
  metrics: z.array(metricOfSetting).describe('Of the trained tasks, in the order of the columns.'),
  deltaM: deltaOfSetting.nullable().optional().describe('In %, against single-task networks; left out without those.'),
  stoppedAtEpoch: z
    .int()
    .nullable()
    .describe('The epoch by whose numbers it was stopped early: it has no result; null where it was not.'),
  parameters: spread.nullable(),
  multiplyAdds: spread.nullable(),
  trials: z.array(z.object({ trialId: z.string(), seed: z.int(), state: z.enum(trialStates) })),
});

/** The comparison for programs: numbers are unrounded and in the unit in which they were reported. */
export const comparisonDocument = z.object({
  format: z.literal('sigmasweep-comparison'),
  version: z.literal(1),
  sweepId: z.string(),
  name: z.string(),
  workload: z.string(),
  madeUp: z.boolean().describe('Whether the numbers are a rehearsal’s, made up.'),
  state: z.enum(sweepStates),
  seeds: z.array(z.int()),
  test: z.object({ method: z.string(), level: z.number() }).describe('How “not significantly worse” was decided.'),
  procedure: z
    .array(z.string())
    .optional()
    .describe('How the settings were searched, tuned and stopped, in sentences; left out where the spec lists all.'),
  tasks: z.array(z.object({ name: z.string(), label: z.string() })),
  metrics: z
    .array(
      z.object({
        task: z.string(),
        name: z.string(),
        label: z.string(),
        better: z.enum(['higher', 'lower']),
        scale: z.number().describe('Tables show the number times this.'),
        decimals: z.int(),
        unit: z.string(),
      }),
    )
    .describe('The columns.'),
  settings: z.array(comparedSetting).describe('The rows.'),
});
export type ComparisonDocument = z.infer<typeof comparisonDocument>;
