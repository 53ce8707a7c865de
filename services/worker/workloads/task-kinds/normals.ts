import * as tf from '@tensorflow/tfjs-core';
import type { MetricAccumulator, TaskKindImplementation } from '../workload.js';
import { errorColour, neutral, paintPicture } from './palettes.js';

/** Added to squared lengths, so that a prediction of length 0 has a direction and a gradient. */
const leastSquare = 1e-12;

/**
 * The direction of the surface at each pixel. Targets: Float32, size × height × width × 3, unit vectors, the zero vector =
 * invalid. Predictions: three channels; only their direction counts.
 */
export const normals: TaskKindImplementation = {
  kind: 'normals',
  likelihood: 'regression',

  /**
   * Mean of 1 − cosine over valid pixels. For Gaussian likelihoods the same is taken: it is half the squared distance of
   * the unit vectors. With e^{−s} as concentration κ, e^{−s}·L + s is the negative log likelihood of von Mises & Fisher up to
   * log 2π(1 − e^{−2κ}), so that task uncertainty can weigh it.
   */
  loss(predictions: tf.Tensor4D, targets) {
    const valid = tf.cast(tf.greater(tf.sum(tf.abs(targets), 3), 0), 'float32');
    const lengths = tf.sqrt(tf.add(tf.sum(tf.square(predictions), 3), leastSquare));
    const cosines = tf.div(tf.sum(tf.mul(predictions, targets), 3), lengths);
    return tf.div(tf.sum(tf.mul(tf.sub(1, cosines), valid)), tf.maximum(tf.sum(valid), 1));
  },

  targetTensor: (targets, size, height, width) =>
    tf.tensor(new Float32Array(targets), [size, height, width, 3], 'float32'),

  accumulator: () => new NormalAngles(),

  drawTarget: (target, height, width) =>
    paintPicture(height, width, (pixel, slot) => paint(target, target, pixel, slot)),

  drawPrediction: (prediction, target, height, width) =>
    paintPicture(height, width, (pixel, slot) => paint(prediction, target, pixel, slot)),

  drawError: (prediction, target, height, width) =>
    paintPicture(height, width, (pixel, slot) => {
      if (isZero(target, pixel)) slot.set(neutral);
      else errorColour(angleBetween(prediction, target, pixel) / worstAngle, slot);
    }),
};

/** An angle this large or larger has the darkest colour of an error, degrees. */
const worstAngle = 60;

/** x, y, z of −1 … 1 as red, green and blue. */
function paint(vectors: ArrayLike<number>, target: ArrayLike<number>, pixel: number, slot: Uint8Array): void {
  if (isZero(target, pixel)) {
    slot.set(neutral);
    return;
  }
  const length = lengthAt(vectors, pixel) || 1;
  for (let axis = 0; axis < 3; axis += 1) {
    slot[axis] = Math.round(127.5 * (1 + (vectors[3 * pixel + axis] as number) / length));
  }
}

function isZero(vectors: ArrayLike<number>, pixel: number): boolean {
  return vectors[3 * pixel] === 0 && vectors[3 * pixel + 1] === 0 && vectors[3 * pixel + 2] === 0;
}

function lengthAt(vectors: ArrayLike<number>, pixel: number): number {
  return Math.hypot(vectors[3 * pixel] as number, vectors[3 * pixel + 1] as number, vectors[3 * pixel + 2] as number);
}

/** Angles that a pixel's direction may be off to count as right, degrees (Fouhey, Gupta & Hebert 2013). */
const thresholds = [
  ['within11', 11.25],
  ['within22', 22.5],
  ['within30', 30],
] as const;

/** Mean, median and shares of the angle between prediction and truth over the valid pixels of a set, degrees. */
export class NormalAngles implements MetricAccumulator {
  /** Every angle, because the median of a set follows from no less; 4 bytes a pixel. */
  private angles = new Float32Array(1024);
  private count = 0;
  private sum = 0;
  private readonly within = new Float64Array(thresholds.length);

  update(predictions: Float32Array, targets: ArrayLike<number>, size: number): void {
    const pixels = predictions.length / 3;
    if (targets.length !== predictions.length || !Number.isInteger(pixels / size)) {
      throw new RangeError(`${targets.length} target numbers do not fit ${predictions.length} predictions`);
    }
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      if (!isZero(targets, pixel)) this.add(angleBetween(predictions, targets, pixel));
    }
  }

  private add(angle: number): void {
    if (this.count === this.angles.length) {
      const larger = new Float32Array(2 * this.count);
      larger.set(this.angles);
      this.angles = larger;
    }
    this.angles[this.count] = angle;
    this.count += 1;
    this.sum += angle;
    for (let index = 0; index < thresholds.length; index += 1) {
      if (angle < (thresholds[index]?.[1] as number)) this.within[index] = (this.within[index] as number) + 1;
    }
  }

  result(): Record<string, number> {
    const { count } = this;
    if (count === 0) return {};
    const upper = this.ranked(Math.floor(count / 2));
    const shares = thresholds.map(([name], index) => [name, (this.within[index] as number) / count] as const);
    return {
      meanAngle: this.sum / count,
      medianAngle: count % 2 === 1 ? upper : (upper + this.ranked(count / 2 - 1)) / 2,
      ...Object.fromEntries(shares),
    };
  }

  /**
   * The angle with so many before it, found in two passes by the halves of its bits: floats that are not negative have the
   * order of their bits, and a set has too many angles to sort them after every epoch.
   */
  private ranked(rank: number): number {
    const bits = new Uint32Array(this.angles.buffer, 0, this.count);
    const upper = placeOf(rank, (counts) =>
      bits.forEach((word) => {
        counts[word >>> 16] = (counts[word >>> 16] as number) + 1;
      }),
    );
    const lower = placeOf(rank - upper.before, (counts) =>
      bits.forEach((word) => {
        if (word >>> 16 === upper.place) counts[word & 0xffff] = (counts[word & 0xffff] as number) + 1;
      }),
    );
    return new Float32Array(Uint32Array.of(upper.place * 0x10000 + lower.place).buffer)[0] as number;
  }
}

/** The place of a histogram that holds the entry with so many before it, and how many are in the places before. */
function placeOf(rank: number, fill: (counts: Uint32Array) => void): { place: number; before: number } {
  const counts = new Uint32Array(0x10000);
  fill(counts);
  let [place, before] = [0, 0];
  while (before + (counts[place] as number) <= rank) {
    before += counts[place] as number;
    place += 1;
  }
  return { place, before };
}

/** Degrees. */
function angleBetween(predictions: ArrayLike<number>, targets: ArrayLike<number>, pixel: number): number {
  let dot = 0;
  for (let axis = 0; axis < 3; axis += 1) {
    dot += (predictions[3 * pixel + axis] as number) * (targets[3 * pixel + axis] as number);
  }
  const lengths = lengthAt(predictions, pixel) * lengthAt(targets, pixel);
  // A prediction without a direction is as wrong as one at right angles.
  const cosine = lengths === 0 ? 0 : dot / lengths;
  return (180 / Math.PI) * Math.acos(Math.min(1, Math.max(-1, cosine)));
}
