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
  /** Of the vector. */
  readonly length: number;
  /** The variables' values end to end. */
  values(): tf.Tensor1D;
  /** Gradients end to end; a null gradient becomes zeros. */
  gather(gradients: readonly (tf.Tensor | null)[]): tf.Tensor1D;
  /** Subtracts a step, given end to end, from the variables. */
  subtract(step: tf.Tensor1D): void;
  /** A lasting vector with one number for each variable at all of its elements. */
  perVariable(number: (variable: TrainedVariable) => number): tf.Tensor1D;
}

/** A lasting vector of zeros that an update rule keeps from step to step; whoever asks for it disposes of it. */
export function slot(length: number): tf.Variable<tf.Rank.R1> {
  return tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([length]), false));
}

export function flatten(variables: readonly TrainedVariable[]): FlatVariables {
  const sizes = variables.map(({ variable }) => variable.size);
  const length = sizes.reduce((sum, size) => sum + size, 0);
  const gather = (tensors: readonly (tf.Tensor | null)[]): tf.Tensor1D =>
    tf.concat1d(sizes.map((size, index) => asVector(tensors[index] ?? tf.zeros([size]))));
  return {
    length,
    values: () => gather(variables.map(({ variable }) => variable)),
    gather,
    subtract: (step) => {
      const parts = split(step, sizes);
      variables.forEach(({ variable }, index) => {
        const part = parts[index] as tf.Tensor;
        variable.assign(tf.sub(variable, variable.rank === 1 ? part : tf.reshape(part, variable.shape)));
      });
    },
    perVariable: (number) => {
      const values = new Float32Array(length);
      let begin = 0;
      for (const variable of variables) {
        values.fill(number(variable), begin, begin + variable.variable.size);
        begin += variable.variable.size;
      }
      return tf.keep(tf.tensor1d(values));
    },
  };
}

/** On native TensorFlow a reshape costs as much as any small operation, so what is a vector is left as it is. */
function asVector(tensor: tf.Tensor): tf.Tensor1D {
  return tensor.rank === 1 ? (tensor as tf.Tensor1D) : tf.reshape(tensor, [tensor.size]);
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
