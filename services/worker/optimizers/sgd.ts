import * as tf from '@tensorflow/tfjs-core';
import { slot } from './flat.js';
import type { UpdateRuleFactory } from './optimizer.js';

export interface SgdOptions {
  readonly momentum: number;
  readonly nesterov: boolean;
}

/**
 * SGD with momentum (Sutskever et al. 2013), with the learning rate outside the velocity as PyTorch has it:
 *
 *     u ← μ·u + g,   θ ← θ − α·u,   or θ ← θ − α·(g + μ·u) with Nesterov's momentum.
 */
export const sgd: UpdateRuleFactory<SgdOptions> = ({ momentum, nesterov }, length) => {
  const velocity = slot(length);
  return {
    numbers: (learningRate) => [learningRate],
    step: (gradient, [learningRate = 0]) => {
      velocity.assign(tf.add(tf.mul(velocity, momentum), gradient));
      const direction = nesterov ? tf.add<tf.Tensor1D>(gradient, tf.mul(velocity, momentum)) : velocity;
      return tf.mul(direction, learningRate);
    },
    state: { variables: { velocity } },
    dispose: () => velocity.dispose(),
  };
};
