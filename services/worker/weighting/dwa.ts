import * as tf from '@tensorflow/tfjs-core';
import { movingSum } from './moving-sum.js';
import type { OptionsOf } from './options.js';
import type { LossWeighting, WeightingFactory } from './weighting.js';

/**
 * Dynamic weight average (Liu, Johns & Davison 2019; the same in LibMTL’s DWA): with the mean losses of the last two epochs,
 *
 *     rᵢ = Lᵢ(t − 1) / Lᵢ(t − 2),   wᵢ(t) = K·exp(rᵢ/T) / Σⱼ exp(rⱼ/T),
 *
 * so that the K weights sum to K and those of tasks that fall slowly are large. In the first two epochs r = 1.
 */
export const dwa: WeightingFactory<OptionsOf<'dwa'>, LossWeighting> = ({ temperature }, tasks) => {
  const weights = tf.tidy(() => tf.variable(tf.ones<tf.Rank.R1>([tasks.length]), false));
  let before: readonly number[] | undefined;
  return movingSum(tasks, {
    repeats: true,
    weigh: () => tf.clone(weights),
    state: {
      variables: { weights },
      numbers: {
        before: { read: () => before ?? [], write: (saved) => (before = saved.length > 0 ? saved : undefined) },
      },
    },
    onEpoch: ({ losses }) => {
      if (before !== undefined) {
        const next = weightsOf(losses, before, temperature);
        tf.tidy(() => weights.assign(tf.tensor1d(next)));
      }
      before = losses;
    },
    dispose: () => weights.dispose(),
  });
};

function weightsOf(last: readonly number[], before: readonly number[], temperature: number): number[] {
  const rates = last.map((loss, task) => ((before[task] ?? 0) > 0 ? loss / (before[task] ?? 1) : 1) / temperature);
  // Shifted by the largest, which changes nothing but keeps the exponentials finite.
  const largest = Math.max(...rates);
  const powers = rates.map((rate) => Math.exp(rate - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => (last.length * power) / sum);
}
