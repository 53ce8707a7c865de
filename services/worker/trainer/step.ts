import * as tf from '@tensorflow/tfjs-core';
import type { LossWeighting } from '../weighting/weighting.js';
import { gradientStep } from './gradient-step.js';
import { lossesOf, openBatch, type StepBatch, type TaskLoss } from './step-batch.js';
import type { Trial } from './trial.js';

/**
 * One optimizer step on one batch, from losses to updated variables.
 * @param indices of the training samples
 * @returns the tasks' losses as one vector on the device, before the weighting's scaling; the caller disposes of it.
 *   At once under a weighting of losses; one of gradients reads the device on the way
 */
export function trainStep(
  trial: Trial,
  indices: ArrayLike<number>,
  learningRate: number,
): tf.Tensor1D | Promise<tf.Tensor1D> {
  const { weighting } = trial;
  const batch = openBatch(trial, indices);
  const close = (): void => tf.dispose([batch.images, batch.targets]);
  if (weighting.needs === 'task-gradients') {
    return gradientStep(trial, weighting, batch, learningRate).finally(close);
  }
  try {
    return lossStep(trial, weighting, batch, learningRate);
  } finally {
    close();
  }
}

/** One forward and one backward pass of the whole network. */
function lossStep(trial: Trial, weighting: LossWeighting, batch: StepBatch, learningRate: number): tf.Tensor1D {
  const { model, variables, optimizer } = trial;
  return tf.tidy(() => {
    let reported: tf.Tensor1D | undefined;
    const objective = (): tf.Scalar => {
      const losses = lossesOf(trial, batch, model.forward(batch.images, 'training'));
      // Kept by hand: the gradient's own scope would dispose of it, and it is wanted after the step.
      reported = tf.keep(shownLosses(losses));
      const weighted = weighting.combine(losses.map(({ trained }) => trained));
      return model.penalty === undefined ? weighted : tf.add(weighted, model.penalty());
    };
    const { grads } = tf.variableGrads(
      objective,
      variables.map(({ variable }) => variable),
    );
    optimizer.apply(
      variables.map(({ variable }) => (grads as Partial<typeof grads>)[variable.name] ?? null),
      learningRate,
    );
    weighting.afterStep?.(shownLosses(lossesOf(trial, batch, model.forward(batch.images, 'rehearsal'))));
    return reported as tf.Tensor1D;
  });
}

function shownLosses(losses: readonly TaskLoss[]): tf.Tensor1D {
  return tf.stack(losses.map(({ shown }) => shown)) as tf.Tensor1D;
}
