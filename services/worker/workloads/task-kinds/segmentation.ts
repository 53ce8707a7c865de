import * as tf from '@tensorflow/tfjs-core';
import { crossEntropy } from '../../operations/cross-entropy.js';
import type { MetricAccumulator, Picture, TaskKindImplementation } from '../workload.js';
import { paintPicture, segmentColour } from './palettes.js';

/**
 * One class for each pixel. Targets: Int32 class numbers, size × height × width, any negative number = ignored.
 * Predictions: one logit for each class.
 */
export const segmentation: TaskKindImplementation = {
  kind: 'segmentation',
  likelihood: 'classification',

  /**
   * Mean cross-entropy in nats over the pixels that are not ignored.
   *
   * The true class is picked by a one-hot mask: the gradient needs elementwise kernels only, where gather's would need
   * UnsortedSegmentSum.
   */
  loss(predictions: tf.Tensor4D, targets) {
    const classes = predictions.shape[3];
    const rows = tf.reshape<tf.Rank.R2>(predictions, [-1, classes]);
    const [labels, valid] = tf.tidy(() => {
      const flat = tf.cast(tf.reshape(targets, [-1]), 'int32');
      // A negative class number is outside the range of oneHot, of which backends make different rows.
      const counted = tf.cast(tf.greaterEqual(flat, tf.scalar(0, 'int32')), 'float32');
      const inRange = tf.maximum<tf.Tensor1D>(flat, tf.scalar(0, 'int32'));
      return [tf.cast(tf.oneHot(inRange, classes), 'float32') as tf.Tensor2D, counted];
    });
    return tf.div(tf.dot(crossEntropy(rows, labels), valid), tf.maximum(tf.sum(valid), 1));
  },

  targetTensor: (targets, size, height, width) => tf.tensor(Int32Array.from(targets), [size, height, width], 'int32'),

  accumulator: (task) => new ConfusionMatrix(task.outputChannels),

  drawTarget: (target, height, width) =>
    paintPicture(height, width, (pixel, slot) => segmentColour(target[pixel] ?? -1, slot)),

  drawPrediction: (prediction, target, height, width): Picture => {
    const classes = prediction.length / (height * width);
    return paintPicture(height, width, (pixel, slot) =>
      segmentColour((target[pixel] ?? -1) < 0 ? -1 : likeliestClass(prediction, pixel, classes), slot),
    );
  },
};

/** The first of the classes with the largest logit. */
function likeliestClass(predictions: Float32Array, pixel: number, classes: number): number {
  let best = 0;
  for (let candidate = 1; candidate < classes; candidate += 1) {
    const value = predictions[pixel * classes + candidate] as number;
    if (value > (predictions[pixel * classes + best] as number)) best = candidate;
  }
  return best;
}

/**
 * Counts of (true class, predicted class) over a whole set. Mean IoU is over the classes that occur in truth or
 * prediction: intersection / union of each, from the sums over the set and not as a mean over batches.
 */
export class ConfusionMatrix implements MetricAccumulator {
  /** Row: true class; column: predicted class. */
  readonly counts: Float64Array;

  constructor(private readonly classes: number) {
    this.counts = new Float64Array(classes * classes);
  }

  update(predictions: Float32Array, targets: ArrayLike<number>, size: number): void {
    const pixels = predictions.length / this.classes;
    if (targets.length !== pixels || pixels % size !== 0) {
      throw new RangeError(`${targets.length} targets do not fit ${pixels} predictions of ${size} samples`);
    }
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const truth = targets[pixel] as number;
      if (truth < 0) continue;
      const cell = truth * this.classes + likeliestClass(predictions, pixel, this.classes);
      this.counts[cell] = (this.counts[cell] as number) + 1;
    }
  }

  /** Counts a whole set of pixels at once, for example those of a constant prediction. */
  add(truth: number, predicted: number, pixels: number): void {
    const cell = truth * this.classes + predicted;
    this.counts[cell] = (this.counts[cell] as number) + pixels;
  }

  result(): Record<string, number> {
    const ious: number[] = [];
    let all = 0;
    let correct = 0;
    for (let label = 0; label < this.classes; label += 1) {
      let truths = 0;
      let predicted = 0;
      for (let other = 0; other < this.classes; other += 1) {
        truths += this.counts[label * this.classes + other] as number;
        predicted += this.counts[other * this.classes + label] as number;
      }
      const hits = this.counts[label * this.classes + label] as number;
      all += truths;
      correct += hits;
      const union = truths + predicted - hits;
      if (union > 0) ious.push(hits / union);
    }
    if (all === 0) return {};
    return { meanIoU: ious.reduce((sum, iou) => sum + iou, 0) / ious.length, pixelAccuracy: correct / all };
  }
}
