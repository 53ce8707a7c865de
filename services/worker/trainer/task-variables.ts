import type * as tf from '@tensorflow/tfjs-core';
import type { ModelParameter } from '../models/model.js';
import type { Combination, GradientWeighting } from '../weighting/weighting.js';
import { unpackNumbers } from './gradient-rows.js';
import type { Trial } from './trial.js';

/**
 * Lets the weighting decide. Numbers that are not finite are no case for its solvers: training has diverged, and is
 * ended when the losses are read.
 */
export function combine(trial: Trial, weighting: GradientWeighting, numbers: ArrayLike<number>): Combination {
  const gradients = unpackNumbers(numbers, trial.tasks.length);
  if (Array.from(numbers).every(Number.isFinite)) {
    trial.cosines.add(gradients.gram);
    return weighting.combineGradients(gradients);
  }
  const alike = gradients.losses.map(() => 1);
  return { shared: alike, heads: alike };
}

/** Those that are not frozen: the update moves no others, and what they would give is not looked at. */
export function movedOf({ variables }: Trial, parameters: readonly ModelParameter[]): tf.Variable[] {
  const moved = new Set(variables.map(({ variable }) => variable));
  return parameters.map(({ variable }) => variable).filter((variable) => moved.has(variable));
}

/** Those of a task alone that are not frozen. */
export function headVariables(trial: Trial, task: number): tf.Variable[] {
  const { model, tasks } = trial;
  return movedOf(
    trial,
    model.parameters.filter(({ group }) => group === tasks[task]?.name),
  );
}
