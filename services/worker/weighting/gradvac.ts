import { Draws } from './draws.js';
import { gradientSum } from './gradient-sum.js';
import type { OptionsOf } from './options.js';
import { changePairwise, summed } from './solvers/conflicts.js';
import type { GradientWeighting, WeightingFactory } from './weighting.js';

/**
 * Gradient vaccine (Wang et al. 2021, algorithm 1): like PCGrad, but where the cosine φ of a task's gradient with
 * another's is below its running mean φ̂ (from 0), so much of the other is added that the cosine becomes φ̂:
 *
 *     gᵢ ← gᵢ + ‖gᵢ‖·(φ̂·√(1 − φ²) − φ·√(1 − φ̂²)) / (‖gⱼ‖·√(1 − φ̂²)) · gⱼ,
 *
 * after which φ̂ ← (1 − β)·φ̂ + β·φ. Over the whole of the shared parameters, on the Gram matrix like PCGrad.
 */
export const gradvac: WeightingFactory<OptionsOf<'gradvac'>, GradientWeighting> = ({ decay }, tasks, seed) => {
  const draws = new Draws(seed, 3);
  const usual = tasks.map(() => tasks.map(() => 0));
  return gradientSum(tasks.length, {
    space: 'parameters',
    state: {
      numbers: {
        usual: {
          read: () => usual.flat(),
          write: (saved) =>
            usual.forEach((row, task) =>
              row.splice(0, row.length, ...saved.slice(task * row.length).slice(0, row.length)),
            ),
        },
      },
    },
    combine: ({ gram }, step) => ({
      shared: summed(
        changePairwise(gram, draws.orderOfOthers(tasks.length, step), ({ task, other, cosine, ratio }) => {
          const row = usual[task] as number[];
          const goal = row[other] as number;
          row[other] = (1 - decay) * goal + decay * cosine;
          return cosine < goal ? ratio * shareFor(goal, cosine) : 0;
        }),
      ),
      heads: tasks.map(() => 1),
    }),
  });
};

/** How much of a unit vector is added to another, whose cosine with it is given, for the cosine to become `goal`. */
function shareFor(goal: number, cosine: number): number {
  const sineOfGoal = Math.sqrt(Math.max(1 - goal * goal, 1e-12));
  return (goal * Math.sqrt(1 - cosine * cosine)) / sineOfGoal - cosine;
}
