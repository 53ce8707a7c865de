import { gradientSum } from './gradient-sum.js';
import type { OptionsOf } from './options.js';
import { conflictAverseWeights, lengthOf } from './solvers/simplex.js';
import type { GradientWeighting, WeightingFactory } from './weighting.js';

/**
 * CAGrad, conflict-averse gradient descent (Liu et al. 2021, algorithm 1): within the ball of radius c·‖g₀‖ around the
 * mean gradient g₀ the update that makes the worst of the tasks' improvements largest. Its dual finds weights w on the
 * simplex with the least g_w·g₀ + c·‖g₀‖·‖g_w‖, and the update is
 *
 *     g₀ + (c·‖g₀‖/‖g_w‖)·g_w.
 *
 * With c = 0 it is the mean gradient. Heads move along the gradient of the mean loss.
 */
export const cagrad: WeightingFactory<OptionsOf<'cagrad'>, GradientWeighting> = ({ c }, tasks) => {
  const share = 1 / tasks.length;
  const mean = tasks.map(() => share);
  return gradientSum(tasks.length, {
    space: 'parameters',
    combine: ({ gram }) => {
      const radius = c * lengthOf(gram, mean);
      const weights = conflictAverseWeights(gram, radius);
      const length = lengthOf(gram, weights);
      // Where g_w is 0 the point is Pareto-stationary, and the mean gradient is as good as any.
      const factor = length > 0 ? radius / length : 0;
      return { shared: weights.map((weight) => share + factor * weight), heads: mean };
    },
  });
};
