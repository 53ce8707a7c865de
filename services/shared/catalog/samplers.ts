import { z } from 'zod';
import { deltaCriterion } from '../derivation.js';

export interface SamplerInfo {
  readonly label: string;
  readonly description: string;
  readonly source: string;
  /** Whether later points are chosen by what earlier ones reached. */
  readonly adaptive: boolean;
  readonly options: z.ZodObject;
}

/** Points of all rounds; each waits for those before it, and that is written down pair by pair. */
export const mostAdaptivePoints = 256;

const least = z
  .number()
  .min(0.001)
  .max(0.5)
  .default(0.02)
  .describe('Smallest weight of a task; weights sum to 1 and are multiples of 0.001.');
const seed = z.int().min(0).max(2_147_483_647).default(1).describe('Seed of the sampler’s own draws.');
const shared = { points: z.int().min(1).max(100_000).describe('Points in all.'), least, seed };
const adaptive = {
  ...shared,
  points: z.int().min(2).max(mostAdaptivePoints).describe('Points in all: the budget.'),
  initial: z.int().min(1).max(mostAdaptivePoints).default(6).describe('Points before anything is known.'),
  batch: z
    .int()
    .min(1)
    .max(mostAdaptivePoints)
    .default(2)
    .describe(
      'Points of each later round; a round begins when the one before has ended. Not less than the slots, or some are idle.',
    ),
  metric: z
    .string()
    .max(130)
    .default(deltaCriterion)
    .describe(
      'What makes a point good, on the validation split: `delta-m`, a task for its first metric, or `task.metric`.',
    ),
};

/** How the fixed weights of a sweep are chosen where a grid is not laid over all of them. */
export const samplers = {
  random: {
    label: 'random search',
    description: 'Independent points, uniform on the simplex.',
    source: 'Bergstra & Bengio 2012 (JMLR 13)',
    adaptive: false,
    options: z.strictObject(shared),
  },
  sobol: {
    label: 'Sobol points',
    description: 'Quasi-random points, spread more evenly than random ones and, unlike a grid, of any number.',
    source:
      'Sobol’ 1967 with the direction numbers of Joe & Kuo 2008, digitally shifted; laid on the simplex by Rosenblatt 1952',
    adaptive: false,
    options: z.strictObject(shared),
  },
  refine: {
    label: 'refinement',
    description:
      'An even lattice first; then the neighbours of the best point so far, at half the step, and half of that when all of them are trained.',
    source: 'a mesh search; Audet & Dennis 2006 (SIAM J. Optim. 17) describe the family',
    adaptive: true,
    options: z.strictObject(adaptive),
  },
  tpe: {
    label: 'TPE',
    description:
      'Sobol points first; then, each round, points that are likely under the good ones and unlikely under the others.',
    source: 'Bergstra et al. 2011 (NeurIPS 24), kernels in the log-ratio coordinates of Egozcue et al. 2003',
    adaptive: true,
    options: z.strictObject(adaptive),
  },
} as const satisfies Record<string, SamplerInfo>;

export type SamplerName = keyof typeof samplers;
export const samplerNames = Object.keys(samplers) as SamplerName[];
