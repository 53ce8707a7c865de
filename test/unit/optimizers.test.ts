import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { optimizerConfig } from '../../services/shared/catalog/optimizers.js';
import type { TrainedVariable } from '../../services/worker/optimizers/optimizer.js';
import { createOptimizer } from '../../services/worker/optimizers/registry.js';
import { learningRateAt } from '../../services/worker/optimizers/schedule.js';

const starts = [
  [0.5, -1, 2, 3],
  [1, 0.25],
] as const;

function variables(multipliers: readonly number[] = [1, 1]): TrainedVariable[] {
  return [
    {
      name: 'matrix',
      variable: tf.variable(tf.tensor2d([...starts[0]], [2, 2])),
      learningRateMultiplier: multipliers[0] ?? 1,
    },
    { name: 'vector', variable: tf.variable(tf.tensor1d([...starts[1]])), learningRateMultiplier: multipliers[1] ?? 1 },
  ];
}

/** A loss with gradients that differ by element and change from step to step. */
function loss(trained: readonly TrainedVariable[]): tf.Scalar {
  const [matrix, vector] = trained.map(({ variable }) => variable) as [tf.Variable, tf.Variable];
  const product = tf.matMul(matrix, tf.reshape<tf.Rank.R2>(vector, [2, 1]));
  return tf.add(tf.sum(tf.square(product)), tf.sum(tf.square(tf.square(vector))));
}

function gradientsOf(trained: readonly TrainedVariable[]): tf.Tensor[] {
  const { grads } = tf.variableGrads(
    () => loss(trained),
    trained.map(({ variable }) => variable),
  );
  return trained.map(({ variable }) => grads[variable.name] as tf.Tensor);
}

function valuesOf(trained: readonly TrainedVariable[]): number[] {
  return trained.flatMap(({ variable }) => Array.from(variable.dataSync()));
}

function expectClose(actual: readonly number[], expected: readonly number[], digits: number): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, index) => expect(value).toBeCloseTo(expected[index] ?? Number.NaN, digits));
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const adamConfig = optimizerConfig.parse({ name: 'adam', learningRate: 0.05 });
const sgdConfig = optimizerConfig.parse({ name: 'sgd', learningRate: 0.01, momentum: 0.9 });

describe.each([
  { name: 'adam', config: adamConfig, rate: 0.05, reference: () => tf.train.adam(0.05, 0.9, 0.999, 1e-7) },
  { name: 'sgd', config: sgdConfig, rate: 0.01, reference: () => tf.train.momentum(0.01, 0.9) },
])('$name', ({ config, rate, reference }) => {
  it('takes the same steps as the optimizer of TensorFlow.js', () => {
    const ours = variables();
    const theirs = variables();
    const optimizer = createOptimizer(config, ours);
    const other = reference();
    for (let step = 0; step < 25; step += 1) {
      tf.tidy(() => optimizer.apply(gradientsOf(ours), rate));
      other.minimize(
        () => loss(theirs),
        false,
        theirs.map(({ variable }) => variable),
      );
      // Theirs keeps the powers of β in float32, which is where the last digits go.
      expectClose(valuesOf(ours), valuesOf(theirs), 4);
    }
    expect(valuesOf(ours)).not.toEqual(starts.flat());
  });

  it('leaves no tensors but its slots, and none when it is disposed of', () => {
    const trained = variables();
    const before = tf.memory().numTensors;
    const optimizer = createOptimizer(config, trained);
    const withSlots = tf.memory().numTensors;
    for (let step = 0; step < 3; step += 1) {
      tf.tidy(() => optimizer.apply(gradientsOf(trained), 0.01));
      expect(tf.memory().numTensors).toBe(withSlots);
    }
    optimizer.dispose();
    expect(withSlots).toBeGreaterThan(before);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('moves a variable by its multiplier and leaves one without a gradient where it is', () => {
    const plain = variables();
    const scaled = variables([1, 4]);
    const gradient = tf.tensor1d([0.3, -0.2]);
    for (const trained of [plain, scaled]) createOptimizer(config, trained).apply([null, gradient], 0.01);
    const move = (trained: readonly TrainedVariable[]): number[] =>
      valuesOf(trained).map((value, index) => value - (starts.flat()[index] ?? 0));
    expect(move(plain).slice(0, 4)).toEqual([0, 0, 0, 0]);
    expectClose(
      move(scaled),
      move(plain).map((value) => 4 * value),
      5,
    );
    expect(move(plain)[4]).toBeLessThan(0);
  });
});

describe('learningRateAt', () => {
  it('keeps a constant rate', () => {
    expect([0, 5, 9].map((step) => learningRateAt({ schedule: 'constant', learningRate: 0.1 }, step, 10))).toEqual([
      0.1, 0.1, 0.1,
    ]);
  });

  it('falls along half a cosine: all of it at first, half of it in the middle, next to none at the end', () => {
    const rate = (step: number): number => learningRateAt({ schedule: 'cosine', learningRate: 0.2 }, step, 100);
    expect(rate(0)).toBe(0.2);
    expect(rate(50)).toBeCloseTo(0.1, 12);
    expect(rate(25)).toBeCloseTo(0.1 * (1 + Math.SQRT1_2), 12);
    expect(rate(100)).toBeCloseTo(0, 12);
    for (let step = 1; step < 100; step += 1) expect(rate(step)).toBeLessThan(rate(step - 1));
  });
});
