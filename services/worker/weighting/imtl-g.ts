import { gradientSum } from './gradient-sum.js';
import { impartialWeights } from './impartial.js';
import type { OptionsOf } from './options.js';
import type { GradientWeighting, WeightingFactory } from './weighting.js';

/**
 * IMTL-G (Liu et al. 2021, section 3.1): the shared update has equal projections on the tasks' gradients (see
 * impartial.ts). Heads move along their own gradients.
 */
export const imtlG: WeightingFactory<OptionsOf<'imtl-g'>, GradientWeighting> = ({ gradients }, tasks) =>
  gradientSum(tasks.length, {
    space: gradients,
    combine: ({ gram }) => ({ shared: impartialWeights(gram), heads: tasks.map(() => 1) }),
  });
