import * as tf from '@tensorflow/tfjs-core';
import type { MetricAccumulator, Picture, TaskKindImplementation } from '../workload.js';
import { ConfusionMatrix, likeliestClass } from './confusion-matrix.js';
import { labelLoss } from './label-loss.js';
import { errorColour, neutral, paintPicture, segmentColour } from './palettes.js';

/**
 * One class for each pixel. Targets: Int32 class numbers, size × height × width, any negative number = ignored.
 * Predictions: one logit for each class.
 */
export const segmentation: TaskKindImplementation = {
  kind: 'segmentation',
  likelihood: 'classification',
  distribution: { family: 'classes', labels: (targets) => targets },

  loss: (predictions: tf.Tensor4D, targets) =>
    labelLoss(tf.reshape<tf.Rank.R2>(predictions, [-1, predictions.shape[3]]), targets),

  targetTensor: (targets, size, height, width) => tf.tensor(new Int32Array(targets), [size, height, width], 'int32'),

  accumulator: (task) => new SegmentationScores(task.outputChannels),

  drawTarget: (target, height, width) =>
    paintPicture(height, width, (pixel, slot) => segmentColour(target[pixel] ?? -1, slot)),

  drawPrediction: (prediction, target, height, width): Picture => {
    const classes = prediction.length / (height * width);
    return paintPicture(height, width, (pixel, slot) =>
      segmentColour((target[pixel] ?? -1) < 0 ? -1 : likeliestClass(prediction, pixel, classes), slot),
    );
  },

  /** Of a wrong pixel by how much: the likelihood that the prediction keeps from the true class. */
  drawError: (prediction, target, height, width): Picture => {
    const classes = prediction.length / (height * width);
    return paintPicture(height, width, (pixel, slot) => {
      const truth = target[pixel] ?? -1;
      if (truth < 0) slot.set(neutral);
      else if (likeliestClass(prediction, pixel, classes) === truth) errorColour(0, slot);
      else errorColour(1 - likelihoodOf(prediction, pixel, classes, truth), slot);
    });
  },

  drawSpread: (spread, target, height, width): Picture =>
    paintPicture(height, width, (pixel, slot) => {
      if ((target[pixel] ?? -1) < 0) slot.set(neutral);
      else errorColour(spread[pixel] as number, slot);
    }),
};

/** Softmax of one pixel's logits at a class. */
function likelihoodOf(logits: Float32Array, pixel: number, classes: number, label: number): number {
  const own = Array.from(logits.subarray(pixel * classes, (pixel + 1) * classes));
  const largest = Math.max(...own);
  const exponentials = own.map((logit) => Math.exp(logit - largest));
  return (exponentials[label] ?? 0) / exponentials.reduce((sum, value) => sum + value, 0);
}

/** Of every pixel of a set that is not ignored: mean IoU and accuracy from the sums over the set. */
class SegmentationScores implements MetricAccumulator {
  private readonly matrix: ConfusionMatrix;
  private counted = false;

  constructor(private readonly classes: number) {
    this.matrix = new ConfusionMatrix(classes);
  }

  update(predictions: Float32Array, targets: ArrayLike<number>, size: number): void {
    const pixels = predictions.length / this.classes;
    if (targets.length !== pixels || pixels % size !== 0) {
      throw new RangeError(`${targets.length} targets do not fit ${pixels} predictions of ${size} samples`);
    }
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const truth = targets[pixel] as number;
      if (truth < 0) continue;
      this.matrix.add(truth, likeliestClass(predictions, pixel, this.classes));
      this.counted = true;
    }
  }

  /** Pixels. */
  confusion(): Float64Array {
    return this.matrix.counts;
  }

  result(): Record<string, number> {
    return this.counted ? { meanIoU: this.matrix.meanIoU(), pixelAccuracy: this.matrix.accuracy() } : {};
  }
}
