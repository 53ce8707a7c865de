import { z } from 'zod';

const learningRate = (fallback: number) =>
  z.number().positive().max(10).default(fallback).describe('Learning rate at the start.');

const schedule = z
  .enum(['constant', 'cosine'])
  .default('cosine')
  .describe('How the learning rate moves over training: kept, or a half cosine down to 0.');

const adamOptions = z.strictObject({
  learningRate: learningRate(0.002),
  schedule,
  beta1: z.number().min(0).lt(1).default(0.9).describe('Decay of the mean of the gradients.'),
  beta2: z.number().min(0).lt(1).default(0.999).describe('Decay of the mean of their squares.'),
  epsilon: z
    .number()
    .positive()
    .max(1)
    .default(1e-7)
    .describe('Added to the root of that mean, so that nothing is divided by 0.'),
});

const sgdOptions = z.strictObject({
  learningRate: learningRate(0.02),
  schedule,
  momentum: z.number().min(0).lt(1).default(0.9).describe('Share of the last step that the next one keeps.'),
});

export const optimizers = {
  adam: { label: 'Adam', source: 'Kingma & Ba 2015, algorithm 1', options: adamOptions },
  sgd: { label: 'SGD with momentum', source: 'Sutskever et al. 2013', options: sgdOptions },
} as const;

export type OptimizerName = keyof typeof optimizers;

/** An optimizer with its options filled in, as a trial carries it. */
export const optimizerConfig = z.discriminatedUnion('name', [
  adamOptions.extend({ name: z.literal('adam') }),
  sgdOptions.extend({ name: z.literal('sgd') }),
]);
export type OptimizerConfig = z.infer<typeof optimizerConfig>;
