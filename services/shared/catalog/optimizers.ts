import { z } from 'zod';
import { descentOptions } from './descent-options.js';

const { common, weightDecay } = descentOptions;

const adamMoments = {
  beta1: z.number().min(0).lt(1).default(0.9).describe('Decay of the mean of the gradients.'),
  beta2: z.number().min(0).lt(1).default(0.999).describe('Decay of the mean of their squares.'),
  epsilon: z
    .number()
    .positive()
    .max(1)
    .default(1e-7)
    .describe('Added to the root of that mean, so that nothing is divided by 0.'),
};

const coupledDecay = weightDecay(0).describe('λ, of which λ·θ is added to the gradient of a weight θ (L2 penalty).');

const adamOptions = z.strictObject({ ...common(0.002), ...adamMoments, weightDecay: coupledDecay });

const adamwOptions = z.strictObject({
  ...common(0.002),
  ...adamMoments,
  weightDecay: weightDecay(0.01).describe(
    'λ: a weight θ also shrinks by learning rate · λ · θ a step, which the moments do not see.',
  ),
});

const sgdOptions = z.strictObject({
  ...common(0.02),
  momentum: z.number().min(0).lt(1).default(0.9).describe('Share of the last step that the next one keeps.'),
  nesterov: z.boolean().default(false).describe('Nesterov’s momentum: the gradient counts as if the step was taken.'),
  weightDecay: coupledDecay,
});

export const optimizers = {
  adam: {
    label: 'Adam',
    source: 'Kingma & Ba 2015, algorithm 1',
    options: adamOptions,
  },
  adamw: {
    label: 'Adam with decoupled weight decay',
    source: 'Loshchilov & Hutter 2019, algorithm 2, with the learning rate in the decay as in PyTorch',
    options: adamwOptions,
  },
  sgd: {
    label: 'SGD with momentum',
    source: 'Sutskever et al. 2013, in the form of PyTorch',
    options: sgdOptions,
  },
} as const;

export type OptimizerName = keyof typeof optimizers;

/** An optimizer with its options filled in, as a trial carries it. */
export const optimizerConfig = z.discriminatedUnion('name', [
  adamOptions.extend({ name: z.literal('adam') }),
  adamwOptions.extend({ name: z.literal('adamw') }),
  sgdOptions.extend({ name: z.literal('sgd') }),
]);
export type OptimizerConfig = z.infer<typeof optimizerConfig>;
