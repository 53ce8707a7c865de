import * as tf from '@tensorflow/tfjs-core';
import type { OptimizerConfig } from '../../shared/catalog/optimizers.js';
import { flatten } from './flat.js';
import type { OptimizerFactory } from './optimizer.js';

export type SgdOptions = Omit<Extract<OptimizerConfig, { name: 'sgd' }>, 'name'>;

/** SGD with classical momentum (Sutskever et al. 2013): u ← μ·u + g, θ ← θ − α·u. */
export const sgd: OptimizerFactory<SgdOptions> = (options, variables) => {
  const flat = flatten(variables);
  const velocity = flat.slot();

  return {
    apply: (gradients, learningRate) => {
      tf.tidy(() => {
        velocity.assign(tf.add(tf.mul(velocity, options.momentum), flat.gather(gradients)));
        flat.subtract(tf.mul<tf.Tensor1D>(velocity, learningRate));
      });
    },
    state: { variables: { velocity } },
    dispose: () => velocity.dispose(),
  };
};
