import * as tf from '@tensorflow/tfjs-core';
import { Draws } from './draws.js';
import { gradientSum } from './gradient-sum.js';
import type { OptionsOf } from './options.js';
import type { GradientWeighting, WeightingFactory } from './weighting.js';

/**
 * GradDrop, gradient sign dropout (Chen et al. 2020, algorithm 1, all tasks on one batch): at each element of the shared
 * representation the sign of the update is drawn, and gradients of the other sign are dropped there. With the positive
 * sign purity
 *
 *     P = ½ (1 + Σ gᵢ / Σ |gᵢ|),
 *
 * positive gradients stay with probability P, and negative ones otherwise, so that where all tasks agree nothing is
 * lost. A share `leak` of each gradient passes in any case; with leak 1 it is the sum of the gradients. The paper's
 * function of the purity is the identity here, as in its experiments.
 *
 * A task's reported weight is ‖mask ∘ gᵢ‖² / ‖gᵢ‖², how much of its gradient is left.
 */
export const graddrop: WeightingFactory<OptionsOf<'graddrop'>, GradientWeighting> = ({ leak }, tasks, seed) => {
  const draws = new Draws(seed, 3);
  const alike = tasks.map(() => 1);
  return gradientSum(tasks.length, {
    space: 'representation',
    combine: () => ({ shared: alike, heads: alike }),
    mask: (gradients, step) =>
      tf.tidy(() => {
        const [, elements] = gradients.shape;
        const threshold = tf.randomUniform([1, elements], 0, 1, 'float32', draws.integer(step, 0));
        const sum = tf.sum(gradients, 0, true);
        const sizes = tf.sum(tf.abs(gradients), 0, true);
        // U < P, without the division that has no answer where all gradients are 0: 2·U·Σ|gᵢ| < Σ|gᵢ| + Σgᵢ.
        const sign = tf.sub(tf.mul(2, tf.less(tf.mul(tf.mul(2, threshold), sizes), tf.add(sizes, sum))), 1);
        const stays = tf.greater(tf.mul(gradients, sign), 0);
        const masked = tf.mul<tf.Tensor2D>(gradients, tf.add(leak, tf.mul(1 - leak, stays)));
        return { gradients: masked, left: tf.divNoNan<tf.Tensor1D>(squaredLengths(masked), squaredLengths(gradients)) };
      }),
  });
};

/** Of each row. */
function squaredLengths(rows: tf.Tensor2D): tf.Tensor1D {
  return tf.sum(tf.square(rows), 1);
}
