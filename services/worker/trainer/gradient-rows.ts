import * as tf from '@tensorflow/tfjs-core';
import type { TaskGradients } from '../weighting/weighting.js';
import type { Gradient } from './tape.js';

/**
 * The tasks' gradients as the rows of one matrix on the device.
 * @param gradients by task, on each of the `tensors`
 * @returns [tasks, elements of all tensors]
 */
export function asRows(gradients: readonly (readonly Gradient[])[], tensors: readonly tf.Tensor[]): tf.Tensor2D {
  const rows = gradients.map((row) =>
    tf.concat1d(tensors.map(({ size }, index) => tf.reshape<tf.Rank.R1>(row[index] ?? tf.zeros([size]), [size]))),
  );
  return tf.stack(rows) as tf.Tensor2D;
}

/**
 * The weighted sum of the rows, cut into the shapes of the tensors that they are gradients on.
 * @param rows see `asRows`
 */
export function inShapesOf(rows: tf.Tensor2D, weights: readonly number[], tensors: readonly tf.Tensor[]): tf.Tensor[] {
  return cut(tf.reshape(tf.matMul(tf.tensor2d([...weights], [1, weights.length]), rows), [-1]), tensors);
}

/** The reverse of `asRows`: by task, of the shapes of the tensors. */
export function rowsInShapesOf(rows: tf.Tensor2D, tensors: readonly tf.Tensor[]): tf.Tensor[][] {
  return tf.unstack(rows).map((row) => cut(row as tf.Tensor1D, tensors));
}

function cut(row: tf.Tensor1D, tensors: readonly tf.Tensor[]): tf.Tensor[] {
  let begin = 0;
  return tensors.map(({ size, shape }) => {
    const part = tf.reshape(tf.slice(row, begin, size), shape);
    begin += size;
    return part;
  });
}

/** The weighted sum over the tasks, for each of the tensors that they have gradients on. */
export function weightedSum(gradients: readonly (readonly tf.Tensor[])[], weights: readonly number[]): tf.Tensor[] {
  const [first = []] = gradients;
  return first.map((_, index) =>
    tf.addN(gradients.map((row, task) => tf.mul(row[index] as tf.Tensor, weights[task] ?? 0))),
  );
}

/**
 * All that the host is told of a step, in one tensor: losses, factors of the losses and the Gram matrix.
 * @param factors see `TaskGradients`; none where all are 1
 */
export function packNumbers(
  losses: readonly tf.Scalar[],
  factors: readonly tf.Scalar[],
  rows: tf.Tensor2D,
): tf.Tensor1D {
  const stacked = tf.stack([...losses]) as tf.Tensor1D;
  const gram = tf.reshape<tf.Rank.R1>(tf.matMul(rows, rows, false, true), [-1]);
  return tf.concat1d([
    stacked,
    factors.length > 0 ? (tf.stack([...factors]) as tf.Tensor1D) : tf.onesLike(stacked),
    gram,
  ]);
}

/** The reverse of `packNumbers`. */
export function unpackNumbers(numbers: ArrayLike<number>, tasks: number): TaskGradients {
  const values = Array.from(numbers);
  return {
    losses: values.slice(0, tasks),
    factors: values.slice(tasks, 2 * tasks),
    gram: Array.from({ length: tasks }, (_, task) => values.slice((2 + task) * tasks, (3 + task) * tasks)),
  };
}
