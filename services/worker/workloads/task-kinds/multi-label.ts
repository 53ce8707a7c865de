import * as tf from '@tensorflow/tfjs-core';
import { classColour } from '../../../shared/catalog/class-colours.js';
import type { MetricAccumulator, TaskKindImplementation } from '../workload.js';
import { likeliest } from './likeliest.js';
import { paintPicture } from './palettes.js';

/**
 * Several labels for the whole image, each there or not. Targets: Int32, size × labels, 1 = there, 0 = not, negative =
 * unknown. Predictions: one logit for each label.
 */
export const multiLabel: TaskKindImplementation = {
  kind: 'multi-label',
  likelihood: 'classification',

  /** Mean binary cross-entropy in nats over what is known: softplus(z) − z·y. */
  loss(predictions: tf.Tensor2D, targets) {
    const known = tf.cast(tf.greaterEqual(targets, 0), 'float32');
    const there = tf.cast(tf.greater(targets, 0), 'float32');
    // softplus in a form whose exponential cannot overflow.
    const softplus = tf.add(tf.relu(predictions), tf.log1p(tf.exp(tf.neg(tf.abs(predictions)))));
    const losses = tf.mul(tf.sub(softplus, tf.mul(predictions, there)), known);
    return tf.div(tf.sum(losses), tf.maximum(tf.sum(known), 1));
  },

  targetTensor: (targets, size) => tf.tensor2d(Int32Array.from(targets), [size, targets.length / size], 'int32'),

  accumulator: (task) => new MultiLabelScores(task.outputChannels),

  tell: {
    target: (target, { channelNames }) =>
      target.every((value) => value < 0)
        ? undefined
        : likeliest(Array.from(target, Number), channelNames)?.filter(({ value }) => value > 0),
    prediction: (prediction, { channelNames }) => likeliest(Array.from(prediction, sigmoid), channelNames),
  },

  drawTarget: (target, height, width) =>
    paintBands(
      Array.from(target, (value) => Math.max(0, value)),
      height,
      width,
    ),

  drawPrediction: (prediction, _target, height, width) => paintBands(Array.from(prediction, sigmoid), height, width),
};

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** Upright bands, one a label, in its colour as far as it is there. */
function paintBands(shares: readonly number[], height: number, width: number) {
  return paintPicture(height, width, (pixel, slot) => {
    const label = Math.floor(((pixel % width) * shares.length) / width);
    const colour = classColour(label);
    const share = shares[label] ?? 0;
    for (let channel = 0; channel < 3; channel += 1) {
      slot[channel] = Math.round(255 + share * ((colour[channel] as number) - 255));
    }
  });
}

/**
 * Mean average precision over the labels that occur, and macro F1 at a probability of one half over the labels that occur
 * in truth or prediction.
 */
class MultiLabelScores implements MetricAccumulator {
  /** Of each label: the logit, and whether it was there, of every sample that knows. */
  private readonly seen: { logit: number; there: boolean }[][];

  constructor(private readonly labels: number) {
    this.seen = Array.from({ length: labels }, () => []);
  }

  update(predictions: Float32Array, targets: ArrayLike<number>, size: number): void {
    if (targets.length !== size * this.labels || predictions.length !== targets.length) {
      throw new RangeError(`${targets.length} targets and ${predictions.length} logits do not fit ${size} samples`);
    }
    for (let index = 0; index < targets.length; index += 1) {
      const target = targets[index] as number;
      if (target < 0) continue;
      this.seen[index % this.labels]?.push({ logit: predictions[index] as number, there: target > 0 });
    }
  }

  result(): Record<string, number> {
    const precisions = this.seen.filter((list) => list.some(({ there }) => there)).map(averagePrecision);
    const scores = this.seen.flatMap((list) => f1(list) ?? []);
    return {
      ...(precisions.length === 0 ? {} : { meanAveragePrecision: mean(precisions) }),
      ...(scores.length === 0 ? {} : { macroF1: mean(scores) }),
    };
  }
}

type Seen = readonly { readonly logit: number; readonly there: boolean }[];

/** Σ (Rₙ − Rₙ₋₁)·Pₙ over the thresholds, the logits that occur; samples of the same logit come together. */
function averagePrecision(list: Seen): number {
  const sorted = [...list].sort((one, other) => other.logit - one.logit);
  const all = list.filter(({ there }) => there).length;
  let [hits, counted, sum] = [0, 0, 0];
  for (let begin = 0; begin < sorted.length;) {
    let end = begin;
    let found = 0;
    while (end < sorted.length && sorted[end]?.logit === sorted[begin]?.logit) {
      if (sorted[end]?.there === true) found += 1;
      end += 1;
    }
    counted += end - begin;
    hits += found;
    sum += (found / all) * (hits / counted);
    begin = end;
  }
  return sum;
}

/** Undefined where the label is neither there nor predicted. */
function f1(list: Seen): number | undefined {
  const truths = list.filter(({ there }) => there).length;
  const predicted = list.filter(({ logit }) => logit > 0).length;
  const hits = list.filter(({ there, logit }) => there && logit > 0).length;
  return truths + predicted === 0 ? undefined : (2 * hits) / (truths + predicted);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
