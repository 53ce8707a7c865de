import { gradientSum } from './gradient-sum.js';
import type { OptionsOf } from './options.js';
import { norms, scaled } from './solvers/matrix.js';
import { minNormWeights } from './solvers/simplex.js';
import type { GradientWeighting, TaskGradients, WeightingFactory } from './weighting.js';

/**
 * Multiple gradient descent (Désidéri 2012; Sener & Koltun 2018): the weights of the shortest convex combination of
 * the tasks' gradients,
 *
 *     min ‖Σ αᵢ gᵢ‖²,  αᵢ ≥ 0, Σ αᵢ = 1,
 *
 * which is 0 at a Pareto-stationary point and otherwise a direction along which every loss falls. With gradients on the
 * shared representation it is their upper bound MGDA-UB, for which the shared part is differentiated once for
 * all tasks. Heads move along their own gradients (algorithm 2). Gradients may be divided by their norms, the losses or
 * both for the solver, as in the authors' code.
 */
export const mgda: WeightingFactory<OptionsOf<'mgda'>, GradientWeighting> = ({ gradients, normalise }, tasks) =>
  gradientSum(tasks.length, {
    space: gradients,
    combine: (step) => ({
      shared: minNormWeights(scaled(step.gram, divisors(step, normalise).map(inverse))),
      heads: tasks.map(() => 1),
    }),
  });

function divisors({ gram, losses }: TaskGradients, kind: OptionsOf<'mgda'>['normalise']): readonly number[] {
  const lengths = norms(gram);
  switch (kind) {
    case 'none':
      return losses.map(() => 1);
    case 'norm':
      return lengths;
    case 'loss':
      return losses;
    case 'loss-and-norm':
      return lengths.map((length, task) => length * (losses[task] ?? 0));
  }
}

/** A task without gradient or loss has nothing to say about its size. */
function inverse(value: number): number {
  return value > 0 ? 1 / value : 1;
}
