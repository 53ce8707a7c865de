import * as tf from '@tensorflow/tfjs-core';
import { Draws } from './draws.js';
import { movingSum } from './moving-sum.js';
import type { OptionsOf } from './options.js';
import { normalise, type LossWeighting, type WeightingFactory } from './weighting.js';

/**
 * Random loss weighting (Lin et al. 2022, RLW): weights drawn anew for each step that sum to 1, either the softmax of
 * standard normal numbers or Dirichlet with all concentrations 1, which is uniform over the simplex (normalised
 * exponential numbers). They follow from (seed, step, task).
 */
export const random: WeightingFactory<OptionsOf<'random'>, LossWeighting> = ({ distribution }, tasks, seed) => {
  const draws = new Draws(seed, 1);
  const unnormalised = (step: number, task: number): number =>
    distribution === 'normal' ? Math.exp(draws.normal(step, task)) : -Math.log(draws.uniform(step, task));
  return movingSum(tasks, {
    initial: tasks.map(() => 1 / tasks.length),
    weigh: (_losses, step) => tf.tensor1d(normalise(tasks.map((_, task) => unnormalised(step, task)))),
  });
};
