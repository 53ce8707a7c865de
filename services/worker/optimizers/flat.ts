import * as tf from '@tensorflow/tfjs-core';
import { fused, fusedKernels } from '../operations/fused-kernel.js';
import type { TrainedVariable } from './optimizer.js';

/**
 * The variables of a model seen as one long vector.
 *
 * An update rule is elementwise, so it costs one kernel call per operation on the vector instead of one per operation
 * and variable: with the small variables of a small network the calls cost more than the arithmetic.
 */
export interface FlatVariables {
  /** A new vector of zeros, one for each element of the variables; whoever asks for it disposes of it. */
  slot(): tf.Variable<tf.Rank.R1>;
  /** Gradients end to end; a null gradient becomes zeros. */
  gather(gradients: readonly (tf.Tensor | null)[]): tf.Tensor1D;
  /** Subtracts a step, given end to end, from the variables, each part times its learning-rate multiplier. */
  subtract(step: tf.Tensor1D): void;
}

export function flatten(variables: readonly TrainedVariable[]): FlatVariables {
  const sizes = variables.map(({ variable }) => variable.size);
  const length = sizes.reduce((sum, size) => sum + size, 0);
  return {
    slot: () => tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([length]), false)),
    gather: (gradients) =>
      tf.concat1d(
        variables.map(({ variable }, index) => {
          const gradient = gradients[index] ?? tf.zeros([variable.size]);
          return tf.reshape<tf.Rank.R1>(gradient, [variable.size]);
        }),
      ),
    subtract: (step) => {
      const parts = split(step, sizes);
      variables.forEach(({ variable, learningRateMultiplier }, index) => {
        const part = tf.reshape(parts[index] as tf.Tensor, variable.shape);
        const scaled = learningRateMultiplier === 1 ? part : tf.mul(part, learningRateMultiplier);
        variable.assign(tf.sub(variable, scaled));
      });
    },
  };
}

/** Slices, because the split of TensorFlow.js's WebAssembly backend copies the whole vector for every part. */
function split(vector: tf.Tensor1D, sizes: number[]): tf.Tensor[] {
  return fused(
    fusedKernels.split,
    { vector },
    () => {
      let begin = 0;
      return sizes.map((size) => {
        begin += size;
        return tf.slice(vector, begin - size, size);
      });
    },
    { sizes },
  );
}
