import { joinStates } from '../trainer/part-state.js';
import { gradientSum } from './gradient-sum.js';
import type { OptionsOf } from './options.js';
import { HostAdam } from './solvers/host-adam.js';
import { norms } from './solvers/matrix.js';
import { normalise, type GradientWeighting, type WeightingFactory } from './weighting.js';

/** A weight that reached 0 would never come back: its gradient norm is 0 whatever the task does. */
const leastWeight = 1e-3;

/**
 * GradNorm (Chen et al. 2018, algorithm 1). With Gᵢ = ‖∇ wᵢLᵢ‖ = wᵢ‖gᵢ‖, their mean Ḡ, and the inverse training rates
 * rᵢ = L̃ᵢ / mean L̃ of the losses relative to their first values, L̃ᵢ = Lᵢ/Lᵢ(0), the weights move down the gradient of
 *
 *     L_grad = Σ |Gᵢ − Ḡ·rᵢ^α|, the targets Ḡ·rᵢ^α taken as constant,
 *
 * by an Adam of their own, and are then scaled to sum T. The network moves with the weights before that step, heads
 * included.
 */
export const gradnorm: WeightingFactory<OptionsOf<'gradnorm'>, GradientWeighting> = (options, tasks) => {
  const optimizer = new HostAdam(tasks.length, options.learningRate);
  let weights = tasks.map(() => 1);
  let firstLosses: readonly number[] | undefined;

  return gradientSum(tasks.length, {
    space: options.gradients,
    state: joinStates({
      weights: {
        numbers: {
          weights: { read: () => weights, write: (saved) => (weights = [...saved]) },
          firstLosses: {
            read: () => firstLosses ?? [],
            write: (saved) => (firstLosses = saved.length > 0 ? saved : undefined),
          },
        },
      },
      optimizer: optimizer.state,
    }),
    combine: ({ gram, losses }) => {
      firstLosses ??= losses;
      const lengths = norms(gram);
      const targets = targetsOf(weights, lengths, losses, firstLosses, options.alpha);
      const gradient = lengths.map((length, task) => {
        return Math.sign((weights[task] ?? 0) * length - (targets[task] ?? 0)) * length;
      });
      const used = weights;
      const moved = optimizer.step(weights, gradient).map((weight) => Math.max(weight, leastWeight));
      weights = normalise(moved).map((share) => share * tasks.length);
      return { shared: used, heads: used };
    },
  });
};

/** Ḡ·rᵢ^α. */
function targetsOf(
  weights: readonly number[],
  lengths: readonly number[],
  losses: readonly number[],
  firstLosses: readonly number[],
  alpha: number,
): number[] {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const average = mean(lengths.map((length, task) => (weights[task] ?? 0) * length));
  const relative = losses.map((loss, task) => ((firstLosses[task] ?? 0) > 0 ? loss / (firstLosses[task] ?? 1) : 1));
  const usual = mean(relative);
  return relative.map((rate) => (usual > 0 ? average * (rate / usual) ** alpha : average));
}
