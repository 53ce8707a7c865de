import { Draws } from './draws.js';
import { gradientSum } from './gradient-sum.js';
import { changePairwise, summed } from './solvers/conflicts.js';
import type { GradientWeighting, WeightingFactory } from './weighting.js';

/**
 * PCGrad, gradient surgery (Yu et al. 2020, algorithm 1): each task's gradient meets the others' in random order, and
 * where it conflicts with one, gᵢ·gⱼ < 0, loses its component along it: gᵢ ← gᵢ − (gᵢ·gⱼ/‖gⱼ‖²) gⱼ. The update is the
 * sum. All of this happens within the span of the gradients, so it is done on their Gram matrix, exactly.
 */
export const pcgrad: WeightingFactory<object, GradientWeighting> = (_options, tasks, seed) => {
  const draws = new Draws(seed, 2);
  return gradientSum(tasks.length, {
    space: 'parameters',
    combine: ({ gram }, step) => ({
      shared: summed(
        changePairwise(gram, draws.orderOfOthers(tasks.length, step), ({ cosine, ratio }) =>
          cosine < 0 ? -cosine * ratio : 0,
        ),
      ),
      heads: tasks.map(() => 1),
    }),
  });
};
