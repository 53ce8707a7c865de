import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { weightingConfig } from '../../services/shared/catalog/weightings.js';
import { optimizerConfig } from '../../services/shared/catalog/optimizers.js';
import { createOptimizer } from '../../services/worker/optimizers/registry.js';
import { createWeighting } from '../../services/worker/weighting/registry.js';
import type { LossWeighting, WeightedTask } from '../../services/worker/weighting/weighting.js';

const tasks: readonly WeightedTask[] = [
  { name: 'semantic', likelihood: 'classification' },
  { name: 'depth', likelihood: 'regression' },
];

function create(config: Record<string, unknown>, seed = 1): LossWeighting {
  const weighting = createWeighting(weightingConfig.parse(config), tasks, seed);
  if (weighting.needs !== 'losses') throw new TypeError('this one needs gradients');
  return weighting;
}

/** One step: the gradient with respect to each loss, which is its weight. */
function step(weighting: LossWeighting, losses: readonly number[]): number[] {
  const weights = tf.tidy(() =>
    tf
      .grads((...args: tf.Tensor[]) => weighting.combine(args as tf.Scalar[]))(losses.map((loss) => tf.scalar(loss)))
      .map((gradient) => gradient.dataSync()[0] ?? Number.NaN),
  );
  weighting.onStep?.();
  return weights;
}

const close = (values: readonly number[], digits = 5): unknown[] =>
  values.map((value) => expect.closeTo(value, digits) as unknown);

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const methods = ['soft-optimal', 'dwa', 'random', 'geometric', 'scale-invariant', 'dtp', 'famo'];

describe.each(methods)('%s', (method) => {
  it('reports the mean of an epoch’s weights, which are the gradients of its objective', async () => {
    const weighting = create({ method });
    const used = [step(weighting, [0.5, 2]), step(weighting, [0.4, 1.5])];
    weighting.onEpoch?.({ epoch: 1, losses: [0.45, 1.75] });
    const described = await weighting.describe();
    const means = tasks.map((_, task) => ((used[0]?.[task] ?? NaN) + (used[1]?.[task] ?? NaN)) / 2);
    expect(described.map(({ weight }) => weight)).toEqual(close(means));
    const sum = means.reduce((total, mean) => total + mean, 0);
    expect(described.map(({ normalisedWeight }) => normalisedWeight)).toEqual(close(means.map((mean) => mean / sum)));
    weighting.dispose();
  });

  it('keeps no tensor but its own, and frees those', () => {
    const before = tf.memory().numTensors;
    const weighting = create({ method });
    const own = tf.memory().numTensors;
    for (let count = 0; count < 3; count += 1) {
      step(weighting, [0.5, 2]);
      tf.tidy(() => weighting.afterStep?.(tf.tensor1d([0.4, 1.9])));
      weighting.onEpoch?.({ epoch: count + 1, losses: [0.5, 2] });
    }
    expect(tf.memory().numTensors).toBe(own);
    weighting.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('bears a loss of 0, as a batch without a valid pixel has it', () => {
    const weighting = create({ method });
    expect(step(weighting, [0, 2]).every(Number.isFinite)).toBe(true);
    weighting.dispose();
  });
});

describe('soft optimal uncertainty', () => {
  it('is the softmax of the inverse losses over the temperature', () => {
    const powers = [Math.exp(1 / 0.5 / 2), Math.exp(1 / 2 / 2)];
    const sum = (powers[0] ?? 0) + (powers[1] ?? 0);
    const weighting = create({ method: 'soft-optimal', temperature: 2 });
    expect(step(weighting, [0.5, 2])).toEqual(close(powers.map((power) => power / sum)));
  });
});

describe('dynamic weight average', () => {
  it('has the paper’s weights for hand-worked losses, and equal ones for two epochs', () => {
    const weighting = create({ method: 'dwa' });
    expect(step(weighting, [1, 1])).toEqual([1, 1]);
    weighting.onEpoch?.({ epoch: 1, losses: [2, 1] });
    expect(step(weighting, [1, 1])).toEqual([1, 1]);
    weighting.onEpoch?.({ epoch: 2, losses: [1, 0.9] });
    // r = (0.5, 0.9), T = 2: e^0.25 = 1.284025, e^0.45 = 1.568312; times 2 over their sum.
    expect(step(weighting, [1, 1])).toEqual(close([0.900332, 1.099668]));
  });
});

describe('random loss weighting', () => {
  it.each(['normal', 'dirichlet'])('draws weights that sum to 1 and follow from the seed: %s', (distribution) => {
    const draw = (seed: number): number[][] => {
      const weighting = create({ method: 'random', distribution }, seed);
      return Array.from({ length: 200 }, () => step(weighting, [1, 1]));
    };
    const first = draw(1);
    expect(draw(1)).toEqual(first);
    expect(draw(2)).not.toEqual(first);
    for (const [a = NaN, b = NaN] of first) expect(a + b).toBeCloseTo(1, 5);
    expect(new Set(first.map(([a]) => a)).size).toBe(200);
    const mean = first.reduce((sum, [a = NaN]) => sum + a, 0) / 200;
    // A uniform share has deviation 0.29, that of the softmax is smaller: five standard errors.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.1);
  });
});

describe('the geometric loss', () => {
  it('is the geometric mean and has its gradient', () => {
    const weighting = create({ method: 'geometric' });
    const value = tf.tidy(() => weighting.combine([tf.scalar(0.5), tf.scalar(2)]).dataSync()[0]);
    expect(value).toBeCloseTo(1, 5);
    // √(L₁L₂): ∂/∂L₁ = √(L₂/L₁)/2.
    expect(step(weighting, [0.5, 2])).toEqual(close([1, 0.25]));
  });
});

describe('the scale-invariant loss', () => {
  it('weighs by the inverse losses', () => {
    expect(step(create({ method: 'scale-invariant' }), [0.5, 2])).toEqual(close([2, 0.5]));
  });
});

describe('IMTL-L', () => {
  it('is stationary where every scaled loss is 1, at s = −log L', async () => {
    const weighting = create({ method: 'imtl-l' });
    const losses = [0.2, 5];
    const optimizer = createOptimizer(
      optimizerConfig.parse({ name: 'sgd', momentum: 0 }),
      weighting.variables.map((learned) => ({ ...learned, of: 'weighting' })),
    );
    const variables = weighting.variables.map(({ variable }) => variable);
    for (let count = 0; count < 500; count += 1) {
      tf.tidy(() => {
        const { grads } = tf.variableGrads(() => weighting.combine(losses.map((loss) => tf.scalar(loss))), variables);
        optimizer.apply(
          variables.map(({ name }) => grads[name] ?? null),
          0.1,
        );
      });
    }
    expect((await weighting.describe()).map(({ weight }) => weight)).toEqual(close([5, 0.2], 3));
    expect(step(weighting, losses)).toEqual(close([5, 0.2], 3));
  });
});

describe('dynamic task prioritisation', () => {
  it('has the focal weights of hand-worked KPIs and their running mean', () => {
    const weighting = create({ method: 'dtp', focus: 1, discount: 0.5 });
    // KPIs e^−0.5 and, at the first step of a regression, e^−1.
    const focal = (kpi: number): number => -(1 - kpi) * Math.log(kpi);
    expect(step(weighting, [0.5, 2])).toEqual(close([Math.exp(-0.5), Math.exp(-1)].map(focal)));
    const second = [(Math.exp(-0.5) + Math.exp(-0.2)) / 2, (Math.exp(-1) + Math.exp(-0.5)) / 2];
    expect(step(weighting, [0.2, 1])).toEqual(close(second.map(focal)));
  });

  it('gives a task that is good at what it does little weight', () => {
    const [good = NaN, bad = NaN] = step(create({ method: 'dtp' }), [0.01, 1]);
    expect(good).toBeLessThan(0.01 * bad);
  });
});

describe('FAMO', () => {
  it('weighs by c·z/L: scaling a loss leaves what it contributes, relative to the others, as it is', () => {
    const contributions = (losses: readonly number[]): number => {
      const weights = step(create({ method: 'famo' }), losses);
      expect((weights[0] ?? NaN) + (weights[1] ?? NaN)).toBeCloseTo(1, 5);
      return ((weights[0] ?? NaN) * (losses[0] ?? NaN)) / ((weights[1] ?? NaN) * (losses[1] ?? NaN));
    };
    expect(contributions([0.5, 2])).toBeCloseTo(1, 5);
    expect(contributions([50, 2])).toBeCloseTo(1, 4);
  });

  const share = (weights: readonly number[], losses: readonly number[]): number =>
    ((weights[0] ?? NaN) * (losses[0] ?? NaN)) / ((weights[1] ?? NaN) * (losses[1] ?? NaN));

  it.each(['after-step', 'next-batch'])('gives the task that fell less more weight, told by the %s', (progress) => {
    const weighting = create({ method: 'famo', progress });
    const [before, after] = [
      [1, 2],
      [0.5, 2],
    ];
    step(weighting, before);
    expect(weighting.afterStep !== undefined).toBe(progress === 'after-step');
    tf.tidy(() => weighting.afterStep?.(tf.tensor1d(after)));
    // Adam's first step is its learning rate, against the sign: the logits are ∓0.025.
    expect(share(step(weighting, after), after)).toBeCloseTo(Math.exp(-0.05), 4);
  });

  it('leaves the weights where they are when all losses fell alike', () => {
    const weighting = create({ method: 'famo' });
    step(weighting, [1, 2]);
    tf.tidy(() => weighting.afterStep?.(tf.tensor1d([0.5, 1])));
    expect(share(step(weighting, [0.5, 1]), [0.5, 1])).toBeCloseTo(1, 2);
  });
});
