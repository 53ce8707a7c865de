import * as tf from '@tensorflow/tfjs-core';
import type { TrialConfig } from '../../../shared/trial-config.js';
import { mix } from '../random.js';
import type { TrialTask } from '../trial.js';
import type { LogitNoise } from './class-predictive.js';

const places = 2 ** 16;
let quantiles: Float32Array | undefined;

/**
 * Standard normal numbers that follow from a key alone: each is one of 65,536 equally likely quantiles, looked up, because a
 * step needs millions of them.
 */
export function normalNumbers(count: number, key: number): Float32Array {
  quantiles ??= Float32Array.from({ length: places }, (_, place) => normalQuantile((place + 0.5) / places));
  const values = new Float32Array(count);
  for (let index = 0; index < count; index += 2) {
    const bits = mix(key, index);
    values[index] = quantiles[bits & 0xffff] as number;
    if (index + 1 < count) values[index + 1] = quantiles[bits >>> 16] as number;
  }
  return values;
}

/** Acklam's rational approximation of the inverse of the standard normal distribution; relative error below 1.2e-9. */
export function normalQuantile(level: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
  ];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
  const polynomial = (coefficients: readonly number[], x: number): number =>
    coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
  if (level > 0.5) return -normalQuantile(1 - level);
  if (level < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(level));
    return polynomial(c, q) / polynomial(d, q);
  }
  const q = level - 0.5;
  return (q * polynomial(a, q * q)) / polynomial(b, q * q);
}

/** Tells these draws from others under the same seed. */
const purposes = { training: 0x1b873593, testing: 0x2c1b3c6d };

/**
 * The noise of a step's logits, for each task of classes whose head predicts it: ε of `noisyLabelLoss`.
 * @returns in task order, [samples, places × size, classes]; undefined for other tasks
 */
export function logitNoisesOf(
  tasks: readonly TrialTask[],
  { seed, uncertainty }: Pick<TrialConfig, 'seed' | 'uncertainty'>,
  batch: { readonly size: number; readonly pixels: number; readonly step: number },
): (tf.Tensor3D | undefined)[] {
  return tasks.map(({ noiseChannels, implementation, output }, index) => {
    if (noiseChannels === 0 || implementation.distribution?.family !== 'classes') return undefined;
    const samples = uncertainty?.logitSamples ?? 1;
    const rows = batch.size * (output === 'map' ? batch.pixels : 1);
    const key = [batch.step, index].reduce(mix, mix(purposes.training, seed));
    return tf.tensor3d(normalNumbers(samples * rows * noiseChannels, key), [samples, rows, noiseChannels]);
  });
}

/**
 * The predicted noise of a pass's logits with what it is sampled by, which follows from the seed and the place alone.
 * @param place split, first sample, pass and task
 * @returns undefined where the head predicts none
 */
export function logitNoiseOf(
  { values, logScales }: { readonly values: Float32Array; readonly logScales?: Float32Array },
  { seed, uncertainty }: Pick<TrialConfig, 'seed' | 'uncertainty'>,
  place: readonly number[],
): LogitNoise | undefined {
  if (logScales === undefined) return undefined;
  const samples = uncertainty?.logitSamples ?? 1;
  const key = place.reduce(mix, mix(purposes.testing, seed));
  return { logVariances: logScales, normals: normalNumbers(samples * values.length, key) };
}
