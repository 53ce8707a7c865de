import * as tf from '@tensorflow/tfjs-core';
import type { HeadOutput } from '../workloads/workload.js';
import { noisyLabelLoss } from '../workloads/task-kinds/label-loss.js';
import { noisyError } from '../workloads/task-kinds/regression-loss.js';
import type { Dropout } from '../models/scope.js';
import { dropoutOf } from './uncertainty/dropout.js';
import { logitNoisesOf } from './uncertainty/logit-noise.js';
import { imageTensor, targetOf, type Trial, type TrialTask } from './trial.js';

/** A batch on the device. */
export interface StepBatch {
  /** [size, height, width, channels]. */
  readonly images: tf.Tensor4D;
  /** In task order, as each task's loss wants them. */
  readonly targets: tf.Tensor[];
  /** In task order: of tasks whose classes are noisy, see `logitNoisesOf`. */
  readonly logitNoises: readonly (tf.Tensor3D | undefined)[];
  /** What every pass over the batch leaves out. */
  readonly dropout: Dropout | undefined;
}

/**
 * @param indices of the training samples
 * @param step of training that it is for, see `trainStep`; left out for a batch that is only measured, and not augmented
 */
export function openBatch(trial: Trial, indices: ArrayLike<number>, step?: number): StepBatch {
  const { tasks, workload, config } = trial;
  const batch = workload.splits.train.batch(
    indices,
    tasks.map(({ name }) => name),
  );
  if (step !== undefined) trial.augmenter?.apply(batch, indices, epochOf(trial, step));
  const tensors = tf.tidy(() => ({
    images: imageTensor(batch.images, batch.size, workload),
    targets: tasks.map(({ name, implementation }) =>
      implementation.targetTensor(targetOf(batch.targets, name), batch.size, workload.height, workload.width),
    ),
    logitNoises: logitNoisesOf(tasks, config, {
      size: batch.size,
      pixels: workload.height * workload.width,
      step: step ?? 0,
    }),
  }));
  return { ...tensors, dropout: dropoutOf(config, 'training', step ?? 0) };
}

/** Counted from 0. */
function epochOf({ config, workload }: Trial, step: number): number {
  return Math.floor(step / Math.ceil(workload.splits.train.length / config.batchSize));
}

export interface TaskLoss {
  /** What the weighting is given. */
  readonly trained: tf.Scalar;
  /**
   * Losses are compared between weightings, so the one shown holds neither the weighting's scaling of predictions nor a
   * noise that the head predicts.
   */
  readonly shown: tf.Scalar;
}

/** Frees a batch. */
export function closeBatch({ images, targets, logitNoises }: StepBatch): void {
  tf.dispose([images, ...targets, ...logitNoises.filter((noise) => noise !== undefined)]);
}

/** @param outputs of the network's heads, in task order */
export function lossesOf(
  { tasks, weighting }: Trial,
  { targets, logitNoises }: StepBatch,
  outputs: readonly HeadOutput[],
): TaskLoss[] {
  return outputs.map((output, index) => {
    const task = tasks[index] as TrialTask;
    const { implementation, noiseChannels } = task;
    const target = targets[index] as tf.Tensor;
    const error = weighting.regressionError;
    const lossOf = (predictions: HeadOutput): tf.Scalar => implementation.loss(predictions, target, error);
    if (noiseChannels > 0) {
      const { predictions, logScales } = splitOutput(task, output);
      const noise = logitNoises[index];
      const trained =
        noise === undefined
          ? noisyError(regressionOf(task).residuals(predictions, target), logScales, error)
          : noisyLabelLoss(predictions, logScales, target, noise);
      return { trained, shown: lossOf(predictions) };
    }
    const scaled = weighting.scalePredictions?.(index, output) ?? output;
    const trained = lossOf(scaled);
    return { trained, shown: scaled === output ? trained : lossOf(output) };
  });
}

/** The task's own channels of a head's output, and those of the noise; a task that predicts none has none. */
export function splitOutput(
  { noiseChannels, outputChannels }: Pick<TrialTask, 'noiseChannels' | 'outputChannels'>,
  output: HeadOutput,
): { readonly predictions: HeadOutput; readonly logScales: HeadOutput } {
  const [predictions, logScales] = tf.split(output, [outputChannels, noiseChannels], -1) as [HeadOutput, HeadOutput];
  return { predictions, logScales };
}

/** @throws RangeError for a kind that is no regression */
export function regressionOf({ implementation, name }: Pick<TrialTask, 'implementation' | 'name'>) {
  const { distribution } = implementation;
  if (distribution?.family !== 'regression')
    throw new RangeError(`the task ${name} is no regression with a likelihood`);
  return distribution;
}
