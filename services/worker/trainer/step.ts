import * as tf from '@tensorflow/tfjs-core';
import type { StepNumber } from '../optimizers/optimizer.js';
import type { LossWeighting } from '../weighting/weighting.js';
import { gradientStep } from './gradient-step.js';
import { closeBatch, lossesOf, openBatch, type StepBatch, type TaskLoss } from './step-batch.js';
import type { Trial } from './trial.js';

/**
 * One optimizer step on one batch, from losses to updated variables.
 * @param indices of the training samples
 * @param step steps that were done before it: random draws of the step follow from it
 * @returns the tasks' losses as one vector on the device, before the weighting's scaling; the caller disposes of it.
 *   At once under a weighting of losses; one of gradients reads the device on the way
 */
export function trainStep(
  trial: Trial,
  indices: ArrayLike<number>,
  learningRate: number,
  step = 0,
): tf.Tensor1D | Promise<tf.Tensor1D> {
  const { weighting } = trial;
  const batch = openBatch(trial, indices, step);
  const close = (): void => closeBatch(batch);
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
  const { model, optimizer, recordings } = trial;
  const numbers = optimizer.numbers(learningRate);
  return tf.tidy(() => {
    let reported: tf.Tensor1D;
    const calls = stepsOf(trial, batch);
    // What is left out at random is drawn on the host; between epochs, a network that adapts changes what it computes.
    const repeats = weighting.repeats === true && batch.dropout === undefined && model.afterEpoch === undefined;
    if (repeats && recordings.steps.isWorthwhile(calls)) {
      const given = tf.tensor1d([...numbers]);
      const noises = batch.logitNoises.filter((noise) => noise !== undefined);
      const inputs = [batch.images, ...batch.targets, ...noises, given];
      const run = (): tf.Tensor[] => [passAndUpdate(trial, weighting, batch, tf.unstack(given) as tf.Scalar[])];
      [reported] = recordings.steps.run(inputs, calls, run) as [tf.Tensor1D];
    } else {
      reported = passAndUpdate(trial, weighting, batch, numbers);
    }
    weighting.onStep?.();
    weighting.afterStep?.(
      // What the step itself was weighted by, so that the two can be compared.
      tf.stack(
        lossesOf(trial, batch, model.forward(batch.images, 'rehearsal', batch.dropout)).map(({ trained }) => trained),
      ) as tf.Tensor1D,
    );
    return reported;
  });
}

/** @returns the losses before the weighting's scaling, [tasks] */
function passAndUpdate(
  trial: Trial,
  weighting: LossWeighting,
  batch: StepBatch,
  numbers: readonly StepNumber[],
): tf.Tensor1D {
  const { model, variables, optimizer } = trial;
  let reported: tf.Tensor1D | undefined;
  const objective = (): tf.Scalar => {
    const losses = lossesOf(trial, batch, model.forward(batch.images, 'training', batch.dropout));
    // Kept by hand: the gradient's own scope would dispose of it, and it is wanted after the step.
    reported = tf.keep(shownLosses(losses));
    const weighted = weighting.combine(losses.map(({ trained }) => trained));
    return model.penalty === undefined ? weighted : tf.add(weighted, model.penalty());
  };
  const { grads } = tf.variableGrads(
    objective,
    variables.map(({ variable }) => variable),
  );
  optimizer.move(
    variables.map(({ variable }) => (grads as Partial<typeof grads>)[variable.name] ?? null),
    numbers,
  );
  return reported as tf.Tensor1D;
}

/** How many steps of the trial have a batch of this one's size. */
function stepsOf({ config, workload }: Trial, { images }: StepBatch): number {
  const full = images.shape[0] === config.batchSize;
  return config.epochs * (full ? Math.floor(workload.splits.train.length / config.batchSize) : 1);
}

function shownLosses(losses: readonly TaskLoss[]): tf.Tensor1D {
  return tf.stack(losses.map(({ shown }) => shown)) as tf.Tensor1D;
}
