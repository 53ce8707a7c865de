import * as tf from '@tensorflow/tfjs-core';
import { atLeastTiny, movingSum } from './moving-sum.js';
import type { LossWeighting, WeightingFactory } from './weighting.js';

/**
 * Geometric loss strategy (Chennupati et al. 2019): F = (Π Lᵢ)^{1/T}. Scaling a loss scales F and leaves the direction
 * of its gradient as it is. The weight of a task is ∂F/∂Lᵢ = F/(T·Lᵢ), and Σ wᵢ Lᵢ = F.
 */
export const geometric: WeightingFactory<object, LossWeighting> = (_options, tasks) =>
  movingSum(tasks, {
    repeats: true,
    initial: tasks.map(() => 1 / tasks.length),
    weigh: (losses) => {
      const positive = atLeastTiny(losses);
      const mean = tf.exp(tf.mean(tf.log(positive)));
      return tf.div(mean, tf.mul(positive, tasks.length));
    },
  });
