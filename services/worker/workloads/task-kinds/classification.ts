import * as tf from '@tensorflow/tfjs-core';
import type { MetricAccumulator, Picture, TaskKindImplementation } from '../workload.js';
import { ConfusionMatrix, likeliestClass } from './confusion-matrix.js';
import { likeliest } from './likeliest.js';
import { labelLoss } from './label-loss.js';
import { paintPicture, segmentColour } from './palettes.js';

/**
 * One class for the whole image. Targets: Int32 class numbers, one a sample, any negative number = not labelled.
 * Predictions: one logit for each class.
 */
export const classification: TaskKindImplementation = {
  kind: 'classification',
  likelihood: 'classification',
  distribution: { family: 'classes', labels: (targets) => targets },

  loss: (predictions: tf.Tensor2D, targets) => labelLoss(predictions, targets),

  targetTensor: (targets, size) => tf.tensor(Int32Array.from(targets), [size], 'int32'),

  accumulator: (task) => new ClassificationScores(task.outputChannels),

  tell: {
    target: ([label = -1], { channelNames }) =>
      label < 0
        ? undefined
        : likeliest(
            channelNames.map((_, at) => Number(at === label)),
            channelNames,
          )?.slice(0, 1),
    prediction: (prediction, { channelNames }) => likeliest(softmax(prediction), channelNames),
  },

  /** The colour of the class over the whole picture. */
  drawTarget: (target, height, width) => paintPicture(height, width, (_, slot) => segmentColour(target[0] ?? -1, slot)),

  /** Upright bands in the colours of the classes, each as wide as its class is likely. */
  drawPrediction: (prediction, _target, height, width): Picture => {
    const ends = cumulated(softmax(prediction));
    return paintPicture(height, width, (pixel, slot) => {
      const place = ((pixel % width) + 0.5) / width;
      const label = ends.findIndex((end) => place < end);
      segmentColour(label < 0 ? ends.length - 1 : label, slot);
    });
  },
};

/** Predictions among so many of the likeliest classes count as hits of top-k accuracy. */
export const topClasses = 3;

/** Accuracy, macro F1 and top-k accuracy over the labelled samples of a set. */
class ClassificationScores implements MetricAccumulator {
  private readonly matrix: ConfusionMatrix;
  private counted = 0;
  private amongTop = 0;

  constructor(private readonly classes: number) {
    this.matrix = new ConfusionMatrix(classes);
  }

  update(predictions: Float32Array, targets: ArrayLike<number>, size: number): void {
    if (targets.length !== size || predictions.length !== size * this.classes) {
      throw new RangeError(`${targets.length} targets and ${predictions.length} logits do not fit ${size} samples`);
    }
    for (let sample = 0; sample < size; sample += 1) {
      const truth = targets[sample] as number;
      if (truth < 0) continue;
      this.matrix.add(truth, likeliestClass(predictions, sample, this.classes));
      this.counted += 1;
      if (this.rank(predictions, sample, truth) < topClasses) this.amongTop += 1;
    }
  }

  result(): Record<string, number> {
    if (this.counted === 0) return {};
    return {
      accuracy: this.matrix.accuracy(),
      macroF1: this.matrix.macroF1(),
      topThreeAccuracy: this.amongTop / this.counted,
    };
  }

  confusion(): Float64Array {
    return this.matrix.counts;
  }

  /** How many classes come before this one; of equal logits the first class, as for the likeliest. */
  private rank(logits: Float32Array, sample: number, label: number): number {
    const own = logits[sample * this.classes + label] as number;
    let before = 0;
    for (let other = 0; other < this.classes; other += 1) {
      const value = logits[sample * this.classes + other] as number;
      if (value > own || (value === own && other < label)) before += 1;
    }
    return before;
  }
}

function softmax(logits: Float32Array): number[] {
  const largest = Math.max(...logits);
  const exponentials = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

function cumulated(shares: readonly number[]): number[] {
  let sum = 0;
  return shares.map((share) => (sum += share));
}
