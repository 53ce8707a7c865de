import { gradientSum } from './gradient-sum.js';
import { impartialWeights } from './impartial.js';
import { lossScales } from './loss-scales.js';
import type { OptionsOf } from './options.js';
import type { GradientWeighting, WeightingFactory } from './weighting.js';

/**
 * IMTL, both balances (Liu et al. 2021, algorithm 1): the losses are scaled as in IMTL-L, heads and scales move along
 * the gradients of their own scaled losses, and the shared part along the impartial combination of the scaled losses'
 * gradients. A task's reported weight is αᵢ·e^{sᵢ}.
 */
export const imtl: WeightingFactory<OptionsOf<'imtl'>, GradientWeighting> = (options, tasks) => {
  const scales = lossScales(tasks, options.learningRateMultiplier);
  return gradientSum(tasks.length, {
    space: options.gradients,
    variables: scales.variables,
    scaleLosses: scales.scale,
    combine: ({ gram }) => ({ shared: impartialWeights(gram), heads: tasks.map(() => 1) }),
    dispose: scales.dispose,
  });
};
