import * as tf from '@tensorflow/tfjs-core';
import type { TaskKind } from '../../../shared/catalog/metrics.js';
import type { MetricAccumulator, RegressionDistribution, TargetArray, TaskKindImplementation } from '../workload.js';
import { depthColour, errorColour, neutral, paintPicture } from './palettes.js';
import { meanError, residualsOf } from './regression-loss.js';
import { pixelsPerOutput } from './units.js';

/**
 * A distance, or its inverse, for each pixel. Targets: Float32, size × height × width × 1, 0 = invalid (sky, for example).
 * Predictions: one channel.
 * @param unitOf what of the targets' unit an output of 1 stands for, by the image's width
 */
function depthKind(kind: TaskKind, unitOf: (width: number) => number): TaskKindImplementation {
  const distribution: RegressionDistribution = {
    family: 'regression',
    residuals: (predictions, targets) => {
      const [, , width] = predictions.shape as tf.Tensor4D['shape'];
      return residualsOf(predictions, targets, unitOf(width), tf.cast(tf.greater(targets, 0), 'float32'));
    },
    unitOf: (_task, width) => unitOf(width),
    truths: (targets, _task, width) =>
      Float64Array.from(targets, (depth) => (depth > 0 ? depth / unitOf(width) : Number.NaN)),
  };
  return {
    kind,
    likelihood: 'regression',
    distribution,

    /** Mean of |error| (or its square) over valid pixels. */
    loss: (predictions, targets, error = 'absolute') => meanError(distribution.residuals(predictions, targets), error),

    targetTensor: (targets, size, height, width) =>
      tf.tensor(new Float32Array(targets), [size, height, width, 1], 'float32'),

    accumulator: (_task, _height, width) => new DepthErrors(unitOf(width)),

    drawTarget: (target, height, width) => {
      const most = largest(target);
      return paintPicture(height, width, (pixel, slot) => {
        const value = target[pixel] as number;
        if (value <= 0) slot.set(neutral);
        else depthColour(value / most, slot);
      });
    },

    drawPrediction: (prediction, target, height, width) => {
      const most = largest(target);
      const scale = unitOf(width);
      return paintPicture(height, width, (pixel, slot) => {
        if ((target[pixel] as number) <= 0) slot.set(neutral);
        else depthColour((scale * (prediction[pixel] as number)) / most, slot);
      });
    },

    drawError: (prediction, target, height, width) => {
      const worst = worstShare * largest(target);
      const scale = unitOf(width);
      return paintPicture(height, width, (pixel, slot) => {
        const truth = target[pixel] as number;
        if (truth <= 0) slot.set(neutral);
        else errorColour(Math.abs(scale * (prediction[pixel] as number) - truth) / worst, slot);
      });
    },

    drawSpread: (spread, target, height, width) => {
      const worst = worstShare * largest(target);
      const scale = unitOf(width);
      return paintPicture(height, width, (pixel, slot) => {
        if ((target[pixel] as number) <= 0) slot.set(neutral);
        else errorColour((scale * (spread[pixel] as number)) / worst, slot);
      });
    },
  };
}

/** Inverse depth as disparity in px; an output of 1 is 1/64 of the image's width (see units.ts). */
export const depth = depthKind('depth', pixelsPerOutput);
/** Depth in metres, as the network puts it out. */
export const metricDepth = depthKind('metric-depth', () => 1);
/** Inverse depth in the unit of a data set's files, as the network puts it out. */
export const inverseDepth = depthKind('inverse-depth', () => 1);

/** An error this large, as a share of the sample's largest depth, has the darkest colour. */
const worstShare = 0.25;

function largest(target: TargetArray): number {
  let most = 1e-6;
  for (const value of target) most = Math.max(most, value);
  return most;
}

/** Mean absolute error (in the targets' unit) and mean of |error| / truth over the valid pixels of a set. */
class DepthErrors implements MetricAccumulator {
  private absolute = 0;
  private relative = 0;
  private count = 0;

  constructor(private readonly scale: number) {}

  update(predictions: Float32Array, targets: ArrayLike<number>, size: number): void {
    const pixels = predictions.length;
    if (targets.length !== pixels || pixels % size !== 0) {
      throw new RangeError(`${targets.length} targets do not fit ${pixels} predictions of ${size} samples`);
    }
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const truth = targets[pixel] as number;
      if (truth <= 0) continue;
      const error = Math.abs(this.scale * (predictions[pixel] as number) - truth);
      this.absolute += error;
      this.relative += error / truth;
      this.count += 1;
    }
  }

  result(): Record<string, number> {
    if (this.count === 0) return {};
    return { meanError: this.absolute / this.count, relativeError: this.relative / this.count };
  }
}
