import * as tf from '@tensorflow/tfjs-core';
import type { OptimizerConfig } from '../../shared/catalog/optimizers.js';
import { flatten } from './flat.js';
import type { OptimizerFactory } from './optimizer.js';

export type AdamOptions = Omit<Extract<OptimizerConfig, { name: 'adam' }>, 'name'>;

/**
 * Adam (Kingma & Ba 2015, algorithm 1), with the bias corrections folded into two scalars (their section 2):
 *
 *     m ← m + (1 − β₁)(g − m)      v ← v + (1 − β₂)(g² − v)
 *     θ ← θ − α·(c₂/c₁) · m / (√v + ε·c₂),   c₁ = 1 − β₁ᵗ,  c₂ = √(1 − β₂ᵗ)
 *
 * which equals θ − α·m̂/(√v̂ + ε).
 */
export const adam: OptimizerFactory<AdamOptions> = (options, variables) => {
  const flat = flatten(variables);
  const firstMoment = flat.slot();
  const secondMoment = flat.slot();
  let step = 0;

  return {
    apply: (gradients, learningRate) => {
      step += 1;
      const firstCorrection = 1 - options.beta1 ** step;
      const secondCorrection = Math.sqrt(1 - options.beta2 ** step);
      tf.tidy(() => {
        const gradient = flat.gather(gradients);
        firstMoment.assign(moveTowards(firstMoment, gradient, 1 - options.beta1));
        secondMoment.assign(moveTowards(secondMoment, tf.square(gradient), 1 - options.beta2));
        const scale = tf.add(tf.sqrt(secondMoment), options.epsilon * secondCorrection);
        const direction = tf.div<tf.Tensor1D>(firstMoment, scale);
        flat.subtract(tf.mul(direction, (learningRate * secondCorrection) / firstCorrection));
      });
    },
    dispose: () => {
      firstMoment.dispose();
      secondMoment.dispose();
    },
  };
};

function moveTowards(from: tf.Tensor1D, to: tf.Tensor1D, share: number): tf.Tensor1D {
  return tf.add(from, tf.mul(tf.sub(to, from), share));
}
