import { gradientSum } from './gradient-sum.js';
import type { OptionsOf } from './options.js';
import { frobeniusNorm, scaled } from './solvers/matrix.js';
import { nashWeights } from './solvers/nash.js';
import { lengthOf } from './solvers/simplex.js';
import type { GradientWeighting, WeightingFactory } from './weighting.js';

/**
 * Nash-MTL (Navon et al. 2022): the tasks bargain about the direction of the update; Nash's solution is Σ αᵢ gᵢ with
 *
 *     GᵀG·α = 1/α   (section 3),
 *
 * which does not change when losses are scaled. Solved exactly (see solvers/nash.ts). As in the authors' code GᵀG is
 * first divided by its Frobenius norm, so that the update becomes small with the gradients; the shared update is then
 * no longer than `maxNorm`; and heads move with the same α.
 */
export const nashMtl: WeightingFactory<OptionsOf<'nash-mtl'>, GradientWeighting> = ({ maxNorm }, tasks) =>
  gradientSum(tasks.length, {
    space: 'parameters',
    combine: ({ gram }) => {
      const size = frobeniusNorm(gram);
      // Without any gradient there is nothing to bargain about.
      if (size === 0) return { shared: tasks.map(() => 1), heads: tasks.map(() => 1) };
      const root = 1 / Math.sqrt(size);
      const alpha = nashWeights(
        scaled(
          gram,
          tasks.map(() => root),
        ),
      );
      const length = lengthOf(gram, alpha);
      const factor = maxNorm > 0 && length > maxNorm ? maxNorm / length : 1;
      return { shared: alpha.map((value) => factor * value), heads: alpha };
    },
  });
