import { z } from 'zod';

/** A weight of 0 leaves a task out; otherwise weights are relative and used as they are: L = Σ wᵢ Lᵢ. */
export const lossWeight = z
  .number('a loss weight is a number')
  .nonnegative('a loss weight must be 0 or more')
  .max(1e6, 'a loss weight may be at most 1000000');

/**
 * With respect to what a task's gradient is taken: all shared parameters; those of the last shared layer; or the shared
 * representation, which is every tensor that the shared part hands to the heads.
 */
export const gradientSpaces = ['parameters', 'last-layer', 'representation'] as const;
export type GradientSpace = (typeof gradientSpaces)[number];

const none = z.strictObject({});

const variableRate = z
  .number()
  .positive()
  .max(1000)
  .default(1)
  .describe('Learning rate of the log variances relative to the network’s.');

const spaceOf = <Spaces extends readonly [GradientSpace, ...GradientSpace[]]>(
  spaces: Spaces,
  usual: NoInfer<Spaces[number]>,
  meaning: string,
) =>
  z
    .enum(spaces)
    .default(usual as never)
    .describe(meaning);

const parametersOrRepresentation = ['parameters', 'representation'] as const;

/** The options of each weighting by its name; defaults are its paper's. */
export const weightingOptions = {
  fixed: z.strictObject({
    weights: z.record(z.string(), lossWeight).describe('Weight of each task; a task of weight 0 is not trained.'),
  }),
  equal: none,
  uncertainty: z.strictObject({
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
    learningRateMultiplier: variableRate,
  }),
  'soft-optimal': z.strictObject({
    temperature: z
      .number()
      .min(0.01)
      .max(1000)
      .default(1)
      .describe('Softens the softmax over the inverse losses; the paper tunes it for each data set.'),
  }),
  dwa: z.strictObject({
    temperature: z
      .number()
      .min(0.01)
      .max(1000)
      .default(2)
      .describe('Softens the softmax over the rates of descent: the larger, the more alike the weights.'),
  }),
  random: z.strictObject({
    distribution: z
      .enum(['normal', 'dirichlet'])
      .default('normal')
      .describe('Softmax of standard normal numbers, or uniform over all weights that sum to 1.'),
  }),
  geometric: none,
  'scale-invariant': none,
  'imtl-l': z.strictObject({
    learningRateMultiplier: variableRate.describe('Learning rate of s relative to the network’s.'),
  }),
  dtp: z.strictObject({
    focus: z.number().min(0).max(10).default(1).describe('γ: how much more a task of low KPI counts.'),
    discount: z.number().gt(0).max(1).default(0.1).describe('α: share of a step in the KPI’s running mean.'),
  }),
  famo: z.strictObject({
    learningRate: z.number().positive().max(10).default(0.025).describe('β, of Adam on the tasks’ logits.'),
    decay: z.number().min(0).max(1).default(0.001).describe('γ: pulls the logits back to equal weights.'),
    progress: z
      .enum(['after-step', 'next-batch'])
      .default('after-step')
      .describe(
        'What the losses are compared with: the same batch after the update, for one more forward pass a step, or the next batch, for nothing.',
      ),
  }),
  gradnorm: z.strictObject({
    alpha: z.number().min(0).max(10).default(1.5).describe('How strongly tasks that learn slowly are pulled up.'),
    learningRate: z.number().positive().max(10).default(0.025).describe('Of Adam on the weights.'),
    gradients: spaceOf(
      gradientSpaces,
      'last-layer',
      'Norms of the gradients with respect to the last shared layer (the paper’s), all shared parameters, or the shared representation.',
    ),
  }),
  'imtl-g': z.strictObject({
    gradients: spaceOf(
      parametersOrRepresentation,
      'representation',
      'Gradients with respect to the shared representation (the paper’s) or all shared parameters.',
    ),
  }),
  imtl: z.strictObject({
    learningRateMultiplier: variableRate.describe('Learning rate of s relative to the network’s.'),
    gradients: spaceOf(
      parametersOrRepresentation,
      'representation',
      'Gradients with respect to the shared representation (the paper’s) or all shared parameters.',
    ),
  }),
  mgda: z.strictObject({
    gradients: spaceOf(
      parametersOrRepresentation,
      'representation',
      'Gradients with respect to the shared representation (the paper’s upper bound, MGDA-UB) or all shared parameters (MGDA).',
    ),
    normalise: z
      .enum(['none', 'norm', 'loss', 'loss-and-norm'])
      .default('none')
      .describe('What each gradient is divided by before the solver: nothing, its norm, its loss, or both.'),
  }),
  pcgrad: none,
  gradvac: z.strictObject({
    decay: z
      .number()
      .gt(0)
      .max(1)
      .default(0.01)
      .describe('β: share of a step in the running mean of the similarities.'),
  }),
  graddrop: z.strictObject({
    leak: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('Share of each gradient that is never dropped; 1 drops nothing.'),
  }),
  cagrad: z.strictObject({
    c: z
      .number()
      .min(0)
      .lt(1)
      .default(0.4)
      .describe('Radius around the mean gradient, relative to its norm: 0 is the mean gradient itself.'),
  }),
  'nash-mtl': z.strictObject({
    maxNorm: z.number().min(0).max(1000).default(1).describe('Longest update of the shared parameters; 0 = no limit.'),
  }),
  'aligned-mtl': z.strictObject({
    gradients: spaceOf(
      parametersOrRepresentation,
      'parameters',
      'Gradients with respect to all shared parameters, or the shared representation (the paper’s Aligned-MTL-UB).',
    ),
  }),
} as const satisfies Record<string, z.ZodObject>;
