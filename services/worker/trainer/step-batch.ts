import * as tf from '@tensorflow/tfjs-core';
import type { HeadOutput } from '../workloads/workload.js';
import { imageTensor, targetOf, type Trial, type TrialTask } from './trial.js';

/** A batch on the device. */
export interface StepBatch {
  /** [size, height, width, channels]. */
  readonly images: tf.Tensor4D;
  /** In task order, as each task's loss wants them. */
  readonly targets: tf.Tensor[];
}

/** @param indices of the training samples */
export function openBatch({ tasks, workload }: Trial, indices: ArrayLike<number>): StepBatch {
  const batch = workload.splits.train.batch(
    indices,
    tasks.map(({ name }) => name),
  );
  return tf.tidy(() => ({
    images: imageTensor(batch.images, batch.size, workload),
    targets: tasks.map(({ name, implementation }) =>
      implementation.targetTensor(targetOf(batch.targets, name), batch.size, workload.height, workload.width),
    ),
  }));
}

export interface TaskLoss {
  /** What the weighting is given. */
  readonly trained: tf.Scalar;
  /** Losses are compared between weightings, so the one shown does not hold the weighting's scaling of predictions. */
  readonly shown: tf.Scalar;
}

/** @param outputs of the network's heads, in task order */
export function lossesOf(
  { tasks, weighting }: Trial,
  { targets }: StepBatch,
  outputs: readonly HeadOutput[],
): TaskLoss[] {
  return outputs.map((predictions, index) => {
    const { implementation } = tasks[index] as TrialTask;
    const lossOf = (output: HeadOutput): tf.Scalar =>
      implementation.loss(output, targets[index] as tf.Tensor, weighting.regressionError);
    const scaled = weighting.scalePredictions?.(index, predictions) ?? predictions;
    const trained = lossOf(scaled);
    return { trained, shown: scaled === predictions ? trained : lossOf(predictions) };
  });
}
