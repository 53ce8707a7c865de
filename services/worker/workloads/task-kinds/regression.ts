import * as tf from '@tensorflow/tfjs-core';
import type { PictureNumbers } from '../../../shared/messages/reports.js';
import type { MetricAccumulator, OpenTask, RegressionDistribution, TaskKindImplementation } from '../workload.js';
import { depthColour, neutral, paintPicture } from './palettes.js';
import { meanError, residualsOf } from './regression-loss.js';

const distribution: RegressionDistribution = {
  family: 'regression',
  residuals: (predictions, targets) => {
    const [values, known] = tf.split(targets, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    return residualsOf(predictions, values, 1, known);
  },
  unitOf: ({ scaling }) => scaling?.deviation ?? 1,
  truths: (targets) => Float64Array.from(targets),
};

/**
 * One number for the whole image. Targets: Float32, one a sample, in standard deviations from the mean of the training
 * split (the task's `scaling`), NaN = unknown. Predictions: one channel, in the same unit.
 */
export const regression: TaskKindImplementation = {
  kind: 'regression',
  likelihood: 'regression',
  distribution,

  /** Mean of |error| (or its square) over the samples whose target is known. */
  loss: (predictions, targets, error = 'absolute') => meanError(distribution.residuals(predictions, targets), error),

  /** [size, 2]: the value and whether it is known. */
  targetTensor: (targets, size) =>
    tf.tensor2d(
      Array.from(targets, (value) => (Number.isNaN(value) ? [0, 0] : [value, 1])),
      [size, 2],
    ),

  accumulator: (task) => new RegressionErrors(task.scaling),

  tell: {
    target: ([value = NaN], task) => inDataUnit(value, task),
    prediction: ([value = NaN], task) => inDataUnit(value, task),
  },

  drawTarget: (target, height, width) => paintValue(target[0] ?? NaN, height, width),

  drawPrediction: (prediction, _target, height, width) => paintValue(prediction[0] ?? NaN, height, width),
};

function inDataUnit(value: number, { label, scaling }: OpenTask): PictureNumbers | undefined {
  const { mean, deviation } = scaling ?? { mean: 0, deviation: 1 };
  const told = mean + deviation * value;
  return Number.isFinite(told) ? [{ name: label.slice(0, 64), position: 0, value: told }] : undefined;
}

/** Values this far from the mean have the colours' ends, standard deviations. */
const farthest = 2;

function paintValue(value: number, height: number, width: number) {
  return paintPicture(height, width, (_, slot) => {
    if (Number.isNaN(value)) slot.set(neutral);
    else depthColour((value + farthest) / (2 * farthest), slot);
  });
}

/** Mean absolute error, root mean square error and R² over the known targets of a set, in the targets' own unit. */
class RegressionErrors implements MetricAccumulator {
  private count = 0;
  private absolute = 0;
  private squared = 0;
  private mean = 0;
  /** Sum of the squared distances of the targets from their mean (Welford 1962). */
  private spread = 0;

  constructor(private readonly scaling: NonNullable<OpenTask['scaling']> = { mean: 0, deviation: 1 }) {}

  update(predictions: Float32Array, targets: ArrayLike<number>, size: number): void {
    if (targets.length !== size || predictions.length !== size) {
      throw new RangeError(
        `${targets.length} targets and ${predictions.length} predictions do not fit ${size} samples`,
      );
    }
    const { mean, deviation } = this.scaling;
    for (let sample = 0; sample < size; sample += 1) {
      const truth = mean + deviation * (targets[sample] as number);
      if (Number.isNaN(truth)) continue;
      const error = mean + deviation * (predictions[sample] as number) - truth;
      this.count += 1;
      this.absolute += Math.abs(error);
      this.squared += error * error;
      const before = truth - this.mean;
      this.mean += before / this.count;
      this.spread += before * (truth - this.mean);
    }
  }

  /** R² is left out where all targets are the same: there is nothing to explain. */
  result(): Record<string, number> {
    if (this.count === 0) return {};
    return {
      meanAbsoluteError: this.absolute / this.count,
      rootMeanSquareError: Math.sqrt(this.squared / this.count),
      ...(this.spread === 0 ? {} : { r2: 1 - this.squared / this.spread }),
    };
  }
}
