import { z } from 'zod';

/** How the learning rate moves over the steps after the warm-up. */
export const schedules = ['constant', 'step', 'cosine', 'polynomial'] as const;
export type Schedule = (typeof schedules)[number];

/** A group's learning rate relative to the optimizer's; 0 freezes the group. */
export const learningRateOfGroup = z.number().min(0).max(1000);

const most = z.number().positive().max(1e6);

/** Options that every optimizer has, or may have. */
export const descentOptions = {
  common: (learningRate: number) => ({
    learningRate: z
      .number()
      .positive()
      .max(10)
      .default(learningRate)
      .describe('Learning rate at the start, or at the end of the warm-up.'),
    schedule: z
      .enum(schedules)
      .default('cosine')
      .describe(
        'How the learning rate moves over training: kept; times `stepFactor` at each of `stepAt`; half a cosine down to 0; or (1 − progress) to the power of `power`, down to 0.',
      ),
    stepAt: z
      .array(z.number().gt(0).lt(1))
      .min(1)
      .max(20)
      .default([0.5, 0.75])
      .describe('Where `step` lowers the rate, in shares of the training after the warm-up.'),
    stepFactor: z.number().gt(0).lt(1).default(0.1).describe('What `step` multiplies the rate with.'),
    power: z.number().positive().max(10).default(0.9).describe('Of `polynomial`: 1 is a straight line.'),
    warmupSteps: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(0)
      .describe('Steps over which the rate rises along a line from next to nothing to all of it.'),
    warmupShare: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('The same as a share of all steps; the longer of the two counts.'),
    clipNorm: most
      .describe('Longest gradient of the network’s parameters together; a longer one is scaled down to it.')
      .optional(),
    clipValue: most
      .describe('Largest element of the gradient of the network’s parameters; comes before `clipNorm`.')
      .optional(),
    decay: z
      .enum(['weights', 'all'])
      .default('weights')
      .describe(
        'What weight decay applies to: filters and matrices, or biases and the scales of normalisations, too. What a weighting learns is never decayed.',
      ),
    learningRates: z
      .record(z.string(), learningRateOfGroup)
      .default({})
      .describe(
        'Learning rates relative to `learningRate`: of the `encoder`, of each task’s own layers by the task’s name, of cross-stitch’s `stitch` units and MTAN’s shared `attention` layers, and of what the `weighting` learns. 0 freezes the group; left out, it is 1.',
      ),
  }),
  weightDecay: (fallback: number) => z.number().min(0).max(1).default(fallback),
};
