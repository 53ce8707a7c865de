import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ClassPredictive } from '../../services/worker/trainer/uncertainty/class-predictive.js';
import { normalNumbers, normalQuantile } from '../../services/worker/trainer/uncertainty/logit-noise.js';
import { normalCumulative } from '../../services/worker/trainer/uncertainty/noise.js';
import { labelLoss, noisyLabelLoss } from '../../services/worker/workloads/task-kinds/label-loss.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const softmax = (logits: readonly number[]): number[] => {
  const exponentials = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  return exponentials.map((value) => value / sumOf(exponentials));
};

/** The probability of class 1 of 2 where the difference of the logits is normal: an integral over ±12 deviations. */
function probabilityOf(mean: number, deviation: number): number {
  const [from, steps] = [-12, 24_000];
  const width = (-2 * from) / steps;
  const density = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  return sumOf(
    Array.from({ length: steps + 1 }, (_, step) => {
      const z = from + step * width;
      return (width * density(z)) / (1 + Math.exp(-(mean + deviation * z)));
    }),
  );
}

describe('standard normal numbers by a table', () => {
  it('have the quantiles, the moments and the independence of neighbours', () => {
    for (const level of [1e-5, 0.01, 0.3, 0.5, 0.9, 0.9999]) {
      expect(normalCumulative(normalQuantile(level))).toBeCloseTo(level, 6);
    }
    const count = 200_000;
    const values = Array.from(normalNumbers(count, 11));
    const moment = (power: number): number => sumOf(values.map((value) => value ** power)) / count;
    // Five deviations of each mean.
    expect(Math.abs(moment(1))).toBeLessThan(0.012);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.016);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.11);
    const pairs = sumOf(values.slice(1).map((value, index) => value * (values[index] ?? 0))) / count;
    expect(Math.abs(pairs)).toBeLessThan(0.012);
    expect(normalNumbers(5, 11)).toEqual(Float32Array.from(values.slice(0, 5)));
    expect(normalNumbers(5, 12)).not.toEqual(normalNumbers(5, 11));
  });
});

describe('the loss of classes with noisy logits', () => {
  const [samples, places, classes] = [4, 5, 3];
  const labels = [2, 0, -1, 1, 1];
  const logits = Array.from(normalNumbers(places * classes, 1));
  const logVariances = Array.from(normalNumbers(places * classes, 2));
  const noise = Array.from(normalNumbers(samples * places * classes, 3));
  const loss = (f: tf.Tensor, s: tf.Tensor): tf.Scalar =>
    noisyLabelLoss(f, s, tf.tensor1d(labels, 'int32'), tf.tensor3d(noise, [samples, places, classes]));
  const given = (): [tf.Tensor, tf.Tensor] => [
    tf.tensor2d(logits, [places, classes]),
    tf.tensor2d(logVariances, [places, classes]),
  ];

  /** Kendall & Gal 2017, eq. 12, number by number in float64, as a loss and as a mean over the places that count. */
  function definition(f: readonly number[], s: readonly number[]): number {
    const terms = labels.flatMap((label, place) => {
      if (label < 0) return [];
      const shares = Array.from({ length: samples }, (_, sample) => {
        const row = Array.from({ length: classes }, (_, one) => {
          const at = place * classes + one;
          return (f[at] ?? 0) + Math.exp((s[at] ?? 0) / 2) * (noise[sample * places * classes + at] ?? 0);
        });
        return softmax(row)[label] ?? 0;
      });
      return [-Math.log(sumOf(shares) / samples)];
    });
    return sumOf(terms) / terms.length;
  }

  it('has the value and the gradient of its definition', () => {
    const [f, s] = given();
    expect(loss(f, s).dataSync()[0]).toBeCloseTo(definition(logits, logVariances), 5);
    const [byLogit, byVariance] = tf.grads((a, b) => loss(a, b))([f, s]);
    const slopes = (of: (moved: number[]) => number, values: readonly number[]): number[] =>
      values.map((_, index) => {
        const at = (shift: number): number => of(values.map((one, place) => one + (place === index ? shift : 0)));
        return (at(1e-5) - at(-1e-5)) / 2e-5;
      });
    const expected = [
      slopes((moved) => definition(moved, logVariances), logits),
      slopes((moved) => definition(logits, moved), logVariances),
    ];
    [byLogit, byVariance].forEach((gradient, which) => {
      const found = Array.from(gradient?.dataSync() ?? []);
      expect(found).toHaveLength(places * classes);
      found.forEach((slope, index) => expect(slope).toBeCloseTo(expected[which]?.[index] ?? NaN, 4));
    });
    // A place that does not count moves nothing.
    expect(Array.from(byVariance?.dataSync() ?? []).slice(6, 9)).toEqual([0, 0, 0]);
  });

  it('is the cross-entropy where there is no noise, and 0 where no place counts', () => {
    const [f] = given();
    const none = tf.fill([places, classes], -60);
    const plain = labelLoss(f as tf.Tensor2D, tf.tensor1d(labels, 'int32')).dataSync()[0];
    expect(loss(f, none).dataSync()[0]).toBeCloseTo(plain ?? NaN, 5);
    const unknown = tf.tensor1d(
      labels.map(() => -1),
      'int32',
    );
    const all = tf.tensor3d(noise, [samples, places, classes]);
    expect(noisyLabelLoss(f, none, unknown, all).dataSync()[0]).toBeCloseTo(0, 12);
  });

  it.each([
    [0, 1, 1],
    [1.5, 1, 2],
    [-2, 3, 0.5],
  ])('comes to the integral over the noise with many samples: f = %d, σ = %d and %d', (mean, one, other) => {
    const count = 40_000;
    const many = tf.tensor3d(normalNumbers(2 * count, 5), [count, 1, 2]);
    const s = tf.tensor2d([[2 * Math.log(one), 2 * Math.log(other)]]);
    const found = noisyLabelLoss(tf.tensor2d([[0, mean]]), s, tf.tensor1d([1], 'int32'), many).dataSync()[0] ?? NaN;
    const expected = probabilityOf(mean, Math.hypot(one, other));
    // A sample deviates by at most 0.5: five deviations of the mean.
    expect(Math.abs(Math.exp(-found) - expected)).toBeLessThan(2.5 / Math.sqrt(count));
  });

  it('comes to the normal distribution of the difference where the noise is much larger than 1', () => {
    const count = 40_000;
    const many = tf.tensor3d(normalNumbers(2 * count, 6), [count, 1, 2]);
    const s = tf.fill([1, 2], 2 * Math.log(1000));
    const f = tf.tensor2d([[0, 700]]);
    const found = noisyLabelLoss(f, s, tf.tensor1d([1], 'int32'), many).dataSync()[0] ?? NaN;
    expect(Math.abs(Math.exp(-found) - normalCumulative(700 / (1000 * Math.SQRT2)))).toBeLessThan(0.0125);
  });

  it('finds where labels are noisy', () => {
    // Two groups of places with the same logits, which are class 1 in 98 % and in 70 % of the cases.
    const [group, rates] = [50, [0.98, 0.7]] as const;
    const truths = rates.flatMap((rate) => Array.from({ length: group }, (_, index) => (index < rate * group ? 1 : 0)));
    const target = tf.tensor1d(truths, 'int32');
    const [f, s] = [tf.variable(tf.tensor1d([0])), tf.variable(tf.zeros([2]))];
    const rowsOf = (values: tf.Tensor): tf.Tensor => tf.reshape(tf.tile(values, [1, group]), [2 * group]);
    const count = 32;
    for (let step = 0; step < 500; step += 1) {
      tf.tidy(() => {
        const drawn = tf.tensor3d(normalNumbers(count * 4 * group, 100 + step), [count, 2 * group, 2]);
        const { grads } = tf.variableGrads(() => {
          const zero = tf.zeros([2 * group]);
          const logit = tf.mul(tf.ones([2 * group]), f);
          const scale = rowsOf(tf.reshape(s, [2, 1]));
          return noisyLabelLoss(tf.stack([zero, logit], 1), tf.stack([scale, scale], 1), target, drawn);
        }, [f, s]);
        for (const variable of [f, s]) {
          variable.assign(tf.sub(variable, tf.mul(grads[variable.name] as tf.Tensor, 2)));
        }
      });
    }
    const [logit = NaN] = f.dataSync();
    const deviations = Array.from(s.dataSync(), (value) => Math.SQRT2 * Math.exp(value / 2));
    expect(deviations[1]).toBeGreaterThan(2 * (deviations[0] ?? NaN));
    rates.forEach((rate, index) => {
      expect(Math.abs(probabilityOf(logit, deviations[index] ?? NaN) - rate)).toBeLessThan(0.04);
    });
  });
});

describe('predictions of classes with noisy logits', () => {
  it('are the mean over the samples, and tell what of their entropy is the noise’s', () => {
    const logits = Float32Array.of(1, -1, 0, 0, 2, 0);
    const logVariances = Float32Array.of(0, 0, 0, 1, 1, 1);
    const samples = 5;
    const normals = normalNumbers(samples * logits.length, 9);
    const predictive = new ClassPredictive([0, 1]);
    predictive.add(logits, { logVariances, normals });
    const rows = [0, 1].map((place) =>
      Array.from({ length: samples }, (_, sample) =>
        softmax(
          [0, 1, 2].map((label) => {
            const at = 3 * place + label;
            return (logits[at] ?? 0) + Math.exp((logVariances[at] ?? 0) / 2) * (normals[sample * 6 + at] ?? 0);
          }),
        ),
      ),
    );
    const entropy = (shares: readonly number[]): number => -sumOf(shares.map((share) => share * Math.log(share)));
    const seen: { logLikelihood: number; noiseInformation: number; mutualInformation: number }[] = [];
    predictive.forEachTruth((one) => seen.push(one));
    [0, 1].forEach((place) => {
      const means = [0, 1, 2].map((label) => sumOf((rows[place] ?? []).map((row) => row[label] ?? 0)) / samples);
      const mean = sumOf((rows[place] ?? []).map(entropy)) / samples;
      expect(seen[place]?.logLikelihood).toBeCloseTo(Math.log(means[place] ?? NaN), 10);
      expect(seen[place]?.noiseInformation).toBeCloseTo(entropy(means) - mean, 10);
      // One pass says nothing of the network.
      expect(seen[place]?.mutualInformation).toBeCloseTo(0, 10);
      expect(predictive.noiseDeviations()[place]).toBeCloseTo([1, Math.sqrt(Math.E)][place] ?? NaN, 6);
    });
  });
});
