import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { optimizerConfig, type OptimizerConfig } from '../../services/shared/catalog/optimizers.js';
import type { TrainedVariable } from '../../services/worker/optimizers/optimizer.js';
import { createOptimizer } from '../../services/worker/optimizers/registry.js';
import { learningRateAt } from '../../services/worker/optimizers/schedule.js';

interface PytorchRun {
  readonly name: string;
  readonly multiplier: number;
  readonly values: number[];
}

interface PytorchTable {
  readonly steps: number;
  readonly runs: PytorchRun[];
  readonly schedules: { schedule: string; warmupSteps: number; rates: number[] }[];
}

const pytorch = JSON.parse(
  readFileSync(new URL('../fixtures/pytorch-optimizers.json', import.meta.url), 'utf8'),
) as PytorchTable;

const starts = [
  [0.5, -1, 2, 3],
  [1, 0.25],
] as const;
const learningRate = 0.05;

/** A weight and a bias. */
function variables(multipliers: readonly number[] = [1, 1], of: TrainedVariable['of'] = 'network'): TrainedVariable[] {
  const values = [tf.tensor2d([...starts[0]], [2, 2]), tf.tensor1d([...starts[1]])];
  return values.map((value, index) => ({
    name: ['matrix', 'vector'][index] as string,
    variable: tf.variable(value),
    learningRateMultiplier: multipliers[index] as number,
    of: index === 0 ? 'network' : of,
  }));
}

/** The gradients of test/fixtures/pytorch_optimizers.py. */
const factors = [4, 0.5, 2, 0.25];
function gradientOf(values: readonly number[], step: number): number[] {
  return values.map((value, index) => Math.sin(3 * value + step) * (factors[index] as number));
}

function valuesOf(trained: readonly TrainedVariable[]): number[] {
  return trained.flatMap(({ variable }) => Array.from(variable.dataSync()));
}

function run(config: OptimizerConfig, given: readonly TrainedVariable[], steps: number): number[] {
  const optimizer = createOptimizer(config, given);
  for (let step = 0; step < steps; step += 1) {
    tf.tidy(() => {
      const gradients = optimizer.trained.map(({ variable }) =>
        tf.tensor(gradientOf(Array.from(variable.dataSync()), step), variable.shape),
      );
      optimizer.apply(gradients, learningRate);
    });
  }
  optimizer.dispose();
  return valuesOf(given);
}

interface Reference {
  readonly name: string;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
  readonly clipNorm?: number;
  readonly clipValue?: number;
  readonly decay?: 'weights' | 'all';
}

/** The textbook's formulas in double precision, element by element. */
function reference(options: Reference, multipliers: readonly number[], steps: number): number[] {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-7];
  const theta = starts.map((values): number[] => [...values]);
  const zeros = (): number[][] => starts.map((values) => values.map(() => 0));
  const [m, v, u] = [zeros(), zeros(), zeros()];
  for (let t = 1; t <= steps; t += 1) {
    let g = theta.map((values) => gradientOf(values, t - 1));
    const { clipValue, clipNorm } = options;
    if (clipValue !== undefined) g = g.map((part) => part.map((x) => Math.max(-clipValue, Math.min(clipValue, x))));
    if (clipNorm !== undefined) {
      const length = Math.hypot(...g.flat());
      if (length > clipNorm) g = g.map((part) => part.map((x) => (x * clipNorm) / length));
    }
    theta.forEach((values, p) => {
      const lambda = p === 0 || options.decay === 'all' ? (options.weightDecay ?? 0) : 0;
      const rate = learningRate * (multipliers[p] as number);
      values.forEach((old, i) => {
        const slot = (table: readonly number[][]): number[] => table[p] as number[];
        const decoupled = options.name === 'adamw';
        const gradient = ((g[p] as number[])[i] as number) + (decoupled ? 0 : lambda * old);
        let move: number;
        if (options.name === 'sgd') {
          const velocity = (options.momentum ?? 0) * (slot(u)[i] as number) + gradient;
          slot(u)[i] = velocity;
          move = options.nesterov === true ? gradient + (options.momentum ?? 0) * velocity : velocity;
        } else {
          const first = beta1 * (slot(m)[i] as number) + (1 - beta1) * gradient;
          const second = beta2 * (slot(v)[i] as number) + (1 - beta2) * gradient * gradient;
          slot(m)[i] = first;
          slot(v)[i] = second;
          move = first / (1 - beta1 ** t) / (Math.sqrt(second / (1 - beta2 ** t)) + epsilon);
        }
        values[i] = old - rate * (move + (decoupled ? lambda * old : 0));
      });
    });
  }
  return theta.flat();
}

function expectClose(actual: readonly number[], expected: readonly number[], digits: number): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, index) => expect(value).toBeCloseTo(expected[index] ?? Number.NaN, digits));
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('an update', () => {
  const decays = [{}, { weightDecay: 0.2 }, { weightDecay: 0.2, decay: 'all' as const }];
  const clips = [{}, { clipNorm: 0.8 }, { clipValue: 0.3 }, { clipNorm: 0.8, clipValue: 0.6 }];
  const rules = [
    { name: 'sgd', momentum: 0 },
    { name: 'sgd', momentum: 0.8 },
    { name: 'sgd', momentum: 0.8, nesterov: true },
    { name: 'adam' },
    { name: 'adamw', weightDecay: 0 },
  ];
  const cases = rules.flatMap((rule) =>
    decays.flatMap((decay) => clips.map((clip) => ({ ...rule, ...decay, ...clip }))),
  );

  it.each(cases.map((options) => [JSON.stringify(options), options]))('is the formula’s: %s', (_, options) => {
    const multipliers = [1, 0.4];
    const actual = run(optimizerConfig.parse(options), variables(multipliers), 30);
    expectClose(actual, reference(options, multipliers, 30), 4);
  });

  it.each(pytorch.runs.map((one) => [JSON.stringify({ ...one, values: undefined }), one]))(
    'is PyTorch’s: %s',
    (_, one) => {
      const { values, multiplier, ...options } = one;
      const config = optimizerConfig.parse(options);
      expectClose(run(config, variables([1, multiplier]), pytorch.steps), values, 4);
    },
  );
});

describe.each(['adam', 'adamw', 'sgd'])('%s', (name) => {
  const config = optimizerConfig.parse({ name, weightDecay: 0.1, clipNorm: 1, clipValue: 0.5 });

  it('leaves no tensors but its slots, and none when it is disposed of', () => {
    const trained = variables([1, 0.5], 'weighting');
    const before = tf.memory().numTensors;
    const optimizer = createOptimizer(config, trained);
    const withSlots = tf.memory().numTensors;
    for (let step = 0; step < 3; step += 1) {
      tf.tidy(() => optimizer.apply([tf.ones([2, 2]), tf.ones([2])], 0.01));
      expect(tf.memory().numTensors).toBe(withSlots);
    }
    optimizer.dispose();
    expect(withSlots).toBeGreaterThan(before);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('moves one without a gradient by its decay only', () => {
    const trained = variables();
    createOptimizer(optimizerConfig.parse({ name }), trained).apply([null, tf.tensor1d([0.3, -0.2])], 0.01);
    const rest = name === 'adamw' ? 1 - 0.01 * 0.01 : 1;
    expectClose(
      valuesOf(trained).slice(0, 4),
      starts[0].map((value) => value * rest),
      6,
    );
    expect(valuesOf(trained)[4]).toBeLessThan(1);
  });

  it('leaves a frozen variable exactly where it is, and keeps nothing for it', () => {
    const given = variables([0, 1]);
    const optimizer = createOptimizer(optimizerConfig.parse({ name, weightDecay: 0.5, decay: 'all' }), given);
    expect(optimizer.trained.map((variable) => variable.name)).toEqual(['vector']);
    for (const variable of Object.values(optimizer.state.variables ?? {})) expect(variable.size).toBe(2);
    for (let step = 0; step < 5; step += 1) optimizer.apply([tf.tensor1d([1, 2])], 0.1);
    expect(valuesOf(given).slice(0, 4)).toEqual(starts[0]);
    expect(valuesOf(given)[4]).not.toBe(1);
    optimizer.dispose();
  });

  it('neither clips nor decays what a weighting learns', () => {
    const gradients = [tf.fill([2, 2], 100), tf.tensor1d([0.01, -0.02])];
    const options = { name, weightDecay: 0.1, decay: 'all' };
    const after = (clipNorm: number | undefined, of: TrainedVariable['of']): number[] => {
      const given = variables([1, 1], of);
      createOptimizer(optimizerConfig.parse({ ...options, clipNorm }), given).apply(gradients, 0.1);
      return valuesOf(given).slice(4);
    };
    expect(after(0.001, 'weighting')).toEqual(after(undefined, 'weighting'));
    const plain = variables();
    createOptimizer(optimizerConfig.parse({ ...options, weightDecay: 0 }), plain).apply(gradients, 0.1);
    expect(after(undefined, 'weighting')).toEqual(valuesOf(plain).slice(4));
    expect(after(undefined, 'network')).not.toEqual(valuesOf(plain).slice(4));
  });
});

describe('learningRateAt', () => {
  const at = (options: object, steps: number): number[] => {
    const config = optimizerConfig.parse({ name: 'sgd', learningRate: 0.2, ...options });
    return Array.from({ length: steps }, (_, step) => learningRateAt(config, step, steps));
  };

  it.each(pytorch.schedules.map((one) => [one.schedule, one.warmupSteps, one] as const))(
    'is PyTorch’s: %s after %i steps of warm-up',
    (schedule, warmupSteps, { rates }) => {
      const options = { schedule, warmupSteps, stepAt: [0.3, 0.8], stepFactor: 0.4 };
      expectClose(at(options, pytorch.steps), rates, 12);
    },
  );

  it('takes the longer of the two warm-ups, and lasts through one as long as the training', () => {
    expect(at({ schedule: 'constant', warmupShare: 0.4, warmupSteps: 2 }, 10)).toEqual(
      at({ schedule: 'constant', warmupSteps: 4 }, 10),
    );
    expectClose(at({ warmupSteps: 100 }, 4), [0.05, 0.1, 0.15, 0.2], 12);
  });
});
