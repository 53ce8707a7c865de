import * as tf from '@tensorflow/tfjs-core';
import { adam } from '../optimizers/adam.js';
import { joinStates } from '../trainer/part-state.js';
import { atLeastTiny, movingSum } from './moving-sum.js';
import type { OptionsOf } from './options.js';
import type { LossWeighting, WeightingFactory } from './weighting.js';

/**
 * Fast adaptive multitask optimization (Liu et al. 2023, algorithm 1), with z = softmax(ξ) and losses bounded below
 * by 0. The network moves along the gradient of
 *
 *     c·Σ zᵢ log Lᵢ,   c = (Σ zᵢ/Lᵢ)⁻¹ taken as constant,
 *
 * so the weight of a task is c·zᵢ/Lᵢ and the weights sum to 1. Then, with δᵢ = log Lᵢ − log Lᵢ⁺,
 *
 *     ξ ← ξ − β·(J_softmax(ξ)ᵀ·δ + γ·ξ),
 *
 * taken by Adam, as the authors' code and appendix do: tasks whose loss fell relatively more lose weight.
 * L⁺ is the loss of the same batch after the update, which costs a forward pass without gradients, or that of the next
 * batch under the updated network, which costs nothing; its expectation is the same but it holds the difference
 * between the batches as noise.
 */
export const famo: WeightingFactory<OptionsOf<'famo'>, LossWeighting> = (options, tasks) => {
  const zeros = (trainable: boolean): tf.Variable<tf.Rank.R1> =>
    tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([tasks.length]), trainable));
  const logits = zeros(true);
  const lastLogLosses = zeros(false);
  const optimizer = adam({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, tasks.length);

  const moveLogits = (losses: tf.Tensor1D): void => {
    tf.tidy(() => {
      const fall = tf.sub<tf.Tensor1D>(lastLogLosses, tf.log(atLeastTiny(losses)));
      // Softmax's Jacobian is symmetric: Jᵀδ = z ∘ (δ − z·δ).
      const shares = tf.softmax(logits);
      const centred = tf.sub(fall, tf.sum(tf.mul(shares, fall)));
      const gradient = tf.add<tf.Tensor1D>(tf.mul(shares, centred), tf.mul(logits, options.decay));
      logits.assign(tf.sub(logits, optimizer.step(gradient, optimizer.numbers(options.learningRate))));
    });
  };

  return movingSum(tasks, {
    initial: tasks.map(() => 1 / tasks.length),
    weigh: (losses, step) => {
      if (options.progress === 'next-batch' && step > 0) moveLogits(losses);
      const positive = atLeastTiny(losses);
      lastLogLosses.assign(tf.log(positive));
      const perLoss = tf.div<tf.Tensor1D>(tf.softmax(logits), positive);
      return tf.div(perLoss, tf.sum(perLoss));
    },
    ...(options.progress === 'after-step' ? { afterStep: moveLogits } : {}),
    state: joinStates({ logits: { variables: { logits, lastLogLosses } }, optimizer: optimizer.state }),
    dispose: () => {
      logits.dispose();
      lastLogLosses.dispose();
      optimizer.dispose();
    },
  });
};
