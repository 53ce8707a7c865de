import * as tf from '@tensorflow/tfjs-core';
import { atLeastTiny, movingSum } from './moving-sum.js';
import type { OptionsOf } from './options.js';
import type { LossWeighting, WeightingFactory } from './weighting.js';

/**
 * Soft optimal uncertainty weighting (Kirchdorfer et al. 2024, UW-SO): the objective of the task uncertainties has its
 * minimum where each σ follows from its loss, which makes the weights ∝ 1/L; a softmax with temperature T over them,
 *
 *     wᵢ = exp((1/Lᵢ)/T) / Σⱼ exp((1/Lⱼ)/T),
 *
 * keeps single small losses from taking all. The losses in the weights count as constants.
 */
export const softOptimal: WeightingFactory<OptionsOf<'soft-optimal'>, LossWeighting> = ({ temperature }, tasks) =>
  movingSum(tasks, {
    repeats: true,
    initial: tasks.map(() => 1 / tasks.length),
    weigh: (losses) => tf.softmax(tf.div(tf.reciprocal(atLeastTiny(losses)), temperature)),
  });
