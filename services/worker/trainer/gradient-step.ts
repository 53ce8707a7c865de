import * as tf from '@tensorflow/tfjs-core';
import type { SharedModel } from '../models/model.js';
import type { Combination, GradientWeighting } from '../weighting/weighting.js';
import { inShapesOf } from './gradient-rows.js';
import type { StepBatch } from './step-batch.js';
import { takeGradients, type TakenGradients } from './take-gradients.js';
import { combine, headVariables, movedOf } from './task-variables.js';
import type { Gradient } from './tape.js';
import type { Trial } from './trial.js';

/**
 * One step under a weighting of gradients, in one forward pass; see `takeGradients`. Only the losses and the inner
 * products of the tasks' gradients come to the host, in one reading.
 * @returns the tasks' losses, [tasks]; the caller disposes of it
 */
export async function gradientStep(
  trial: Trial,
  weighting: GradientWeighting,
  batch: StepBatch,
  learningRate: number,
): Promise<tf.Tensor1D> {
  const taken = takeGradients(trial, weighting, batch);
  const { shown, numbers, shared } = taken;
  try {
    const combination = 'rows' in shared ? combine(trial, weighting, await numbers.data()) : shared.combination;
    tf.tidy(() => trial.optimizer.apply(gradientsOfUpdate(trial, taken, combination), learningRate));
    return shown;
  } catch (error) {
    shown.dispose();
    throw error;
  } finally {
    const sums = 'rows' in shared ? [shared.rows] : shared.sum;
    tf.dispose([numbers, ...sums, ...taken.heads.flat(), ...taken.own].filter((tensor) => tensor !== null));
  }
}

/** In the order of the trial's variables. */
function gradientsOfUpdate(trial: Trial, taken: TakenGradients, combination: Combination): Gradient[] {
  const { shared, own, heads } = taken;
  const sharedVariables = movedOf(trial, (trial.model.shared as SharedModel).parameters);
  const sum = 'rows' in shared ? inShapesOf(shared.rows, combination.shared, sharedVariables) : shared.sum;
  const found = new Map<tf.Tensor, Gradient>();
  sharedVariables.forEach((variable, index) => found.set(variable, sum[index] ?? null));
  heads.forEach((head, task) => {
    const weight = combination.heads[task] ?? 0;
    headVariables(trial, task).forEach((variable, index) => {
      const gradient = head[index] ?? null;
      found.set(variable, gradient === null || weight === 1 ? gradient : tf.mul(gradient, weight));
    });
  });
  trial.weighting.variables.forEach(({ variable }, index) => found.set(variable, own[index] ?? null));
  // What is beside the losses is not weighed: its gradient is added as it is.
  const besides = penaltyGradients(trial);
  for (const [variable, gradient] of besides) {
    const weighed = found.get(variable) ?? null;
    found.set(variable, weighed === null ? gradient : tf.add(weighed, gradient));
  }
  return trial.variables.map(({ variable }) => found.get(variable) ?? null);
}

function penaltyGradients({ model: { penalty }, variables }: Trial): Map<tf.Tensor, tf.Tensor> {
  if (penalty === undefined) return new Map();
  const { grads } = tf.variableGrads(
    penalty,
    variables.map(({ variable }) => variable),
  );
  return new Map(
    variables.flatMap(({ variable }): [tf.Tensor, tf.Tensor][] => {
      const gradient = (grads as Partial<typeof grads>)[variable.name];
      return gradient === undefined ? [] : [[variable, gradient]];
    }),
  );
}
