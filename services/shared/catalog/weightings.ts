import { z } from 'zod';

/** A weight of 0 leaves a task out; otherwise weights are relative and used as they are: L = Σ wᵢ Lᵢ. */
export const lossWeight = z
  .number('a loss weight is a number')
  .nonnegative('a loss weight must be 0 or more')
  .max(1e6, 'a loss weight may be at most 1000000');

const equalOptions = z.strictObject({});

const fixedOptions = z.strictObject({
  weights: z.record(z.string(), lossWeight).describe('Weight of each task; a task of weight 0 is not trained.'),
});

const uncertaintyOptions = z.strictObject({
  regression: z
    .enum(['absolute', 'squared'])
    .default('absolute')
    .describe('Likelihood of regression tasks: Laplace (absolute error) or Gaussian (squared error).'),
  classification: z
    .enum(['approximate', 'exact'])
    .default('approximate')
    .describe('The paper’s approximation of the scaled softmax likelihood, or the exact form with scaled logits.'),
  regulariser: z
    .enum(['log', 'log1p'])
    .default('log')
    .describe('log σ (Kendall et al. 2018) or log(1 + σ²) (Liebel & Körner 2018).'),
  initialLogVariance: z.number().min(-10).max(10).default(0).describe('Initial s of every task.'),
  learningRateMultiplier: z
    .number()
    .positive()
    .max(1000)
    .default(1)
    .describe('Learning rate of the log variances relative to the network’s.'),
});

/** How a family of settings is laid out in the comparison. */
export interface WeightingInfo {
  readonly label: string;
  readonly description: string;
  readonly source: string;
  /** Whether its weights move during training, so that it is one line of the chart and not a point of the grid. */
  readonly learned: boolean;
  readonly options: z.ZodObject;
}

/** Every weighting by name. A new one is an entry here and one file in services/worker/weighting. */
export const weightings = {
  fixed: {
    label: 'fixed weights',
    description: 'The weighted sum of the losses with constant weights.',
    source: 'Kendall, Gal & Cipolla 2018, eq. 1',
    learned: false,
    options: fixedOptions,
  },
  equal: {
    label: 'equal weights',
    description: 'The unweighted mean of the losses: every task weighs 1/T.',
    source: 'Kendall, Gal & Cipolla 2018, table 1 ("unweighted sum")',
    learned: false,
    options: equalOptions,
  },
  uncertainty: {
    label: 'task uncertainty',
    description: 'Each loss is weighted by the task’s learned homoscedastic uncertainty.',
    source: 'Kendall, Gal & Cipolla 2018, eqs. 5–10',
    learned: true,
    options: uncertaintyOptions,
  },
} as const satisfies Record<string, WeightingInfo>;

export type WeightingName = keyof typeof weightings;
export const weightingNames = Object.keys(weightings) as [WeightingName, ...WeightingName[]];

/** A weighting with its options filled in, as a trial carries it. */
export const weightingConfig = z.discriminatedUnion('method', [
  fixedOptions.extend({ method: z.literal('fixed') }),
  equalOptions.extend({ method: z.literal('equal') }),
  uncertaintyOptions.extend({ method: z.literal('uncertainty') }),
]);
export type WeightingConfig = z.infer<typeof weightingConfig>;
