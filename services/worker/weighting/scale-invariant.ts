import * as tf from '@tensorflow/tfjs-core';
import { atLeastTiny, movingSum } from './moving-sum.js';
import type { LossWeighting, WeightingFactory } from './weighting.js';

/**
 * Scale-invariant loss: F = Σ log Lᵢ (the baseline "SI" of Navon et al. 2022, section 6), whose gradient does not
 * change when a loss is scaled. The weight of a task is ∂F/∂Lᵢ = 1/Lᵢ.
 */
export const scaleInvariant: WeightingFactory<object, LossWeighting> = (_options, tasks) =>
  movingSum(tasks, { repeats: true, weigh: (losses) => tf.reciprocal(atLeastTiny(losses)) });
