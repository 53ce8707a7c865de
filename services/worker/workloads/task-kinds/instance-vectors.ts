import * as tf from '@tensorflow/tfjs-core';
import type { MetricAccumulator, RegressionDistribution, TaskKindImplementation } from '../workload.js';
import { errorColour, neutral, paintPicture, vectorColour } from './palettes.js';
import { meanError, residualsOf } from './regression-loss.js';
import { pixelsPerOutput } from './units.js';

const distribution: RegressionDistribution = {
  family: 'regression',
  residuals: (predictions, targets) => {
    const [size, height, width] = predictions.shape as tf.Tensor4D['shape'];
    const vectors = tf.slice(targets, [0, 0, 0, 0], [size, height, width, 2]);
    const valid = tf.slice(targets, [0, 0, 0, 2], [size, height, width, 1]);
    return residualsOf(predictions, vectors, pixelsPerOutput(width), valid);
  },
  unitOf: (_task, width) => pixelsPerOutput(width),
  truths: (targets, _task, width) => {
    const truths = new Float64Array((2 * targets.length) / 3);
    for (let pixel = 0; pixel < targets.length / 3; pixel += 1) {
      const isValid = targets[3 * pixel + 2] !== 0;
      for (let axis = 0; axis < 2; axis += 1) {
        const truth = (targets[3 * pixel + axis] as number) / pixelsPerOutput(width);
        truths[2 * pixel + axis] = isValid ? truth : Number.NaN;
      }
    }
    return truths;
  },
};

/**
 * The vector from each pixel of an instance to the instance's centroid (Kendall, Gal & Cipolla 2018, section 4).
 * Targets: Float32, size × height × width × 3 = (dx, dy, valid), px, x to the right and y downwards; pixels of no instance
 * have valid 0. Predictions: two channels, 1/64 image width each (see units.ts).
 */
export const instanceVectors: TaskKindImplementation = {
  kind: 'instance-vectors',
  likelihood: 'regression',
  distribution,

  /** Mean of |error| (or its square) over both components of valid pixels: the L1 norm, halved. */
  loss: (predictions, targets, error = 'absolute') => meanError(distribution.residuals(predictions, targets), error),

  targetTensor: (targets, size, height, width) =>
    tf.tensor(new Float32Array(targets), [size, height, width, 3], 'float32'),

  accumulator: (_task, _height, width) => new VectorErrors(pixelsPerOutput(width)),

  drawTarget: (target, height, width) =>
    paintPicture(height, width, (pixel, slot) => {
      if (target[3 * pixel + 2] === 0) slot.set(neutral);
      else vectorColour(target[3 * pixel] as number, target[3 * pixel + 1] as number, longestVector(width), slot);
    }),

  drawPrediction: (prediction, target, height, width) => {
    const scale = pixelsPerOutput(width);
    return paintPicture(height, width, (pixel, slot) => {
      if (target[3 * pixel + 2] === 0) {
        slot.set(neutral);
        return;
      }
      const dx = scale * (prediction[2 * pixel] as number);
      vectorColour(dx, scale * (prediction[2 * pixel + 1] as number), longestVector(width), slot);
    });
  },

  drawError: (prediction, target, height, width) => {
    const scale = pixelsPerOutput(width);
    return paintPicture(height, width, (pixel, slot) => {
      if (target[3 * pixel + 2] === 0) {
        slot.set(neutral);
        return;
      }
      const dx = scale * (prediction[2 * pixel] as number) - (target[3 * pixel] as number);
      const dy = scale * (prediction[2 * pixel + 1] as number) - (target[3 * pixel + 1] as number);
      errorColour(Math.sqrt(dx * dx + dy * dy) / longestVector(width), slot);
    });
  },

  /** By the length of the standard deviations of both components. */
  drawSpread: (spread, target, height, width) => {
    const scale = pixelsPerOutput(width);
    return paintPicture(height, width, (pixel, slot) => {
      if (target[3 * pixel + 2] === 0) {
        slot.set(neutral);
        return;
      }
      const deviation = Math.hypot(spread[2 * pixel] as number, spread[2 * pixel + 1] as number);
      errorColour((scale * deviation) / longestVector(width), slot);
    });
  },
};

/** Vectors this long or longer have the fullest colour, px. */
const longestVector = (width: number): number => width / 8;

/** Mean length of the error vector (its L2 norm) over the valid pixels of a set, px. */
class VectorErrors implements MetricAccumulator {
  private sum = 0;
  private count = 0;

  constructor(private readonly scale: number) {}

  update(predictions: Float32Array, targets: ArrayLike<number>, size: number): void {
    const pixels = predictions.length / 2;
    if (targets.length !== 3 * pixels || pixels % size !== 0) {
      throw new RangeError(`${targets.length} target numbers do not fit ${pixels} predictions of ${size} samples`);
    }
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      if (targets[3 * pixel + 2] === 0) continue;
      const dx = this.scale * (predictions[2 * pixel] as number) - (targets[3 * pixel] as number);
      const dy = this.scale * (predictions[2 * pixel + 1] as number) - (targets[3 * pixel + 1] as number);
      this.sum += Math.sqrt(dx * dx + dy * dy);
      this.count += 1;
    }
  }

  result(): Record<string, number> {
    return this.count === 0 ? {} : { meanError: this.sum / this.count };
  }
}
