import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { weightingConfig } from '../../services/shared/catalog/weightings.js';
import { createWeighting } from '../../services/worker/weighting/registry.js';
import { normalise, type LossWeighting, type WeightedTask } from '../../services/worker/weighting/weighting.js';
import { optimizerConfig } from '../../services/shared/catalog/optimizers.js';
import { createOptimizer } from '../../services/worker/optimizers/registry.js';

const semantic: WeightedTask = { name: 'semantic', likelihood: 'classification' };
const depth: WeightedTask = { name: 'depth', likelihood: 'regression' };

function create(config: Record<string, unknown>, tasks: readonly WeightedTask[]): LossWeighting {
  const weighting = createWeighting(weightingConfig.parse(config), tasks, 1);
  if (weighting.needs !== 'losses') throw new TypeError('this one needs gradients');
  return weighting;
}

/** The objective for given losses, with the weighting's variables set to given values. */
function objective(weighting: LossWeighting, losses: readonly number[], logVariances: readonly number[] = []): number {
  weighting.variables.forEach(({ variable }, index) => variable.assign(tf.scalar(logVariances[index] ?? 0)));
  return tf.tidy(() => weighting.combine(losses.map((loss) => tf.scalar(loss))).dataSync()[0] ?? Number.NaN);
}

/** ∂ total / ∂ Lᵢ and ∂ total / ∂ sᵢ by the tape. */
function gradients(weighting: LossWeighting, losses: readonly number[]): { losses: number[]; variables: number[] } {
  const scalar = (tensor: tf.Tensor | undefined): number => tensor?.dataSync()[0] ?? Number.NaN;
  const byLoss = tf.grads((...args: tf.Tensor[]) => weighting.combine(args as tf.Scalar[]))(
    losses.map((loss) => tf.scalar(loss)),
  );
  const { grads } =
    weighting.variables.length === 0
      ? { grads: {} as tf.NamedTensorMap }
      : tf.variableGrads(
          () => weighting.combine(losses.map((loss) => tf.scalar(loss))),
          weighting.variables.map(({ variable }) => variable),
        );
  return {
    losses: byLoss.map(scalar),
    variables: weighting.variables.map(({ variable }) => scalar(grads[variable.name])),
  };
}

function centralDifference(f: (x: number) => number, x: number): number {
  const h = 1e-2;
  return (f(x + h) - f(x - h)) / (2 * h);
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('constant weightings', () => {
  it('sums the losses with the weights as they are', async () => {
    const weighting = create({ method: 'fixed', weights: { semantic: 3, depth: 0.5, instance: 7 } }, [semantic, depth]);
    expect(objective(weighting, [2, 4])).toBeCloseTo(8, 6);
    const described = await weighting.describe();
    expect(described.map(({ weight }) => weight)).toEqual([3, 0.5]);
    expect(described.map(({ normalisedWeight }) => normalisedWeight)).toEqual([3 / 3.5, 0.5 / 3.5]);
  });

  it('refuses a trained task without a weight and names it', () => {
    expect(() => create({ method: 'fixed', weights: { semantic: 1 } }, [semantic, depth])).toThrow(/depth.*missing/);
    expect(() => create({ method: 'fixed', weights: { semantic: 1, depth: 0 } }, [semantic, depth])).toThrow(/depth/);
  });

  it('gives every task the share 1/T when equal', () => {
    const weighting = create({ method: 'equal' }, [semantic, depth]);
    expect(objective(weighting, [2, 5])).toBeCloseTo(3.5, 6);
    expect(gradients(weighting, [2, 5]).losses).toEqual([0.5, 0.5]);
  });

  it('normalises to sum 1 and leaves zeros alone', () => {
    expect(normalise([1, 3])).toEqual([0.25, 0.75]);
    expect(normalise([0, 0])).toEqual([0, 0]);
  });
});

/** The terms as the paper prints them, in σ² instead of s. */
const log1p = (variance: number): number => Math.log(1 + variance);
const closedForms = [
  { name: 'absolute', config: {}, task: depth, term: (l: number, v: number) => l / v + Math.log(v) },
  {
    name: 'squared',
    config: { regression: 'squared' },
    task: depth,
    term: (l: number, v: number) => l / (2 * v) + Math.log(v) / 2,
  },
  { name: 'classification', config: {}, task: semantic, term: (l: number, v: number) => l / v + Math.log(v) / 2 },
  {
    name: 'absolute, log1p',
    config: { regulariser: 'log1p' },
    task: depth,
    term: (l: number, v: number) => l / v + log1p(v),
  },
  {
    name: 'squared, log1p',
    config: { regression: 'squared', regulariser: 'log1p' },
    task: depth,
    term: (l: number, v: number) => l / (2 * v) + log1p(v) / 2,
  },
  {
    name: 'classification, log1p',
    config: { regulariser: 'log1p' },
    task: semantic,
    term: (l: number, v: number) => l / v + log1p(v) / 2,
  },
] as const;

describe.each(closedForms)('uncertainty, $name', ({ config, task, term }) => {
  const points = [
    [0.3, -1.2],
    [2, 0],
    [7, 1.6],
  ] as const;

  it.each(points)('equals its closed form for a loss of %d at s = %d', (loss, s) => {
    const weighting = create({ method: 'uncertainty', ...config }, [task]);
    expect(objective(weighting, [loss], [s])).toBeCloseTo(term(loss, Math.exp(s)), 4);
    weighting.dispose();
  });

  it.each(points)('has the gradient of finite differences for a loss of %d at s = %d', async (loss, s) => {
    const weighting = create({ method: 'uncertainty', ...config }, [task]);
    objective(weighting, [loss], [s]);
    const { losses, variables } = gradients(weighting, [loss]);
    expect(losses[0]).toBeCloseTo(
      centralDifference((l) => term(l, Math.exp(s)), loss),
      3,
    );
    expect(variables[0]).toBeCloseTo(
      centralDifference((x) => term(loss, Math.exp(x)), s),
      2,
    );
    // The reported weight is that factor of the loss.
    const [described] = await weighting.describe();
    expect(described?.weight).toBeCloseTo(losses[0] ?? Number.NaN, 5);
    expect(described?.logVariance).toBeCloseTo(s, 6);
    expect(described?.variance).toBeCloseTo(Math.exp(s), 5);
    weighting.dispose();
  });
});

describe('uncertainty', () => {
  it('adds the tasks and reports weights that sum to 1', async () => {
    const weighting = create({ method: 'uncertainty' }, [semantic, depth]);
    const expected = 2 / Math.exp(0.5) + 0.25 + 3 / Math.exp(-1) - 1;
    expect(objective(weighting, [2, 3], [0.5, -1])).toBeCloseTo(expected, 4);
    const shares = (await weighting.describe()).map(({ normalisedWeight }) => normalisedWeight);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(shares[1]).toBeCloseTo(Math.exp(1) / (Math.exp(1) + Math.exp(-0.5)), 5);
  });

  it('starts where it is told, asks for its own learning rate and frees its variables', async () => {
    const before = tf.memory().numTensors;
    const weighting = create({ method: 'uncertainty', initialLogVariance: -2, learningRateMultiplier: 5 }, [depth]);
    expect((await weighting.describe())[0]?.logVariance).toBe(-2);
    expect(weighting.variables[0]?.learningRateMultiplier).toBe(5);
    weighting.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('tells which error its regression likelihood is made of', () => {
    expect(create({ method: 'uncertainty' }, [depth]).regressionError).toBe('absolute');
    expect(create({ method: 'uncertainty', regression: 'squared' }, [depth]).regressionError).toBe('squared');
  });

  it.each([
    { name: 'absolute', config: {}, task: depth, losses: [0.4, 1.2, 2.6], optimum: Math.log(1.4) },
    {
      name: 'squared',
      config: { regression: 'squared' },
      task: depth,
      losses: [0.4, 1.2, 2.6],
      optimum: Math.log(1.4),
    },
    { name: 'classification', config: {}, task: semantic, losses: [0.1, 0.3], optimum: Math.log(0.4) },
    // d/ds of e^{−s}L + log(1+e^s) is 0 where e^{2s} = L(1 + e^s): σ² = (L + √(L² + 4L))/2.
    {
      name: 'absolute log1p',
      config: { regulariser: 'log1p' },
      task: depth,
      losses: [2, 2],
      optimum: Math.log((2 + Math.sqrt(12)) / 2),
    },
  ])('descends to the analytic optimum of s: $name', async ({ config, task, losses, optimum }) => {
    const weighting = create({ method: 'uncertainty', ...config }, [task]);
    const optimizer = createOptimizer(
      optimizerConfig.parse({ name: 'sgd', momentum: 0 }),
      weighting.variables.map((learned) => ({ ...learned, of: 'weighting' })),
    );
    const variable = weighting.variables[0]?.variable as tf.Variable;
    for (let step = 0; step < 800; step += 1) {
      tf.tidy(() => {
        const mean = tf.mean(tf.tensor1d(losses));
        const { grads } = tf.variableGrads(() => weighting.combine([mean as tf.Scalar]), [variable]);
        optimizer.apply([grads[variable.name] ?? null], 0.05);
      });
    }
    expect((await weighting.describe())[0]?.logVariance).toBeCloseTo(optimum, 3);
  });
});

describe('uncertainty, exact classification', () => {
  const logits = [2, -1, 0.5];
  const label = 2;
  /** −log of the softmax likelihood with temperature σ², from its definition. */
  const likelihood = (values: readonly number[], variance: number): number =>
    -Math.log(
      Math.exp((values[label] ?? 0) / variance) /
        values.map((value) => Math.exp(value / variance)).reduce((sum, value) => sum + value, 0),
    );
  const crossEntropy = (predictions: tf.Tensor): tf.Scalar =>
    tf.sub(tf.logSumExp(predictions), tf.gather(tf.reshape(predictions, [3]), label));

  function total(weighting: LossWeighting): tf.Scalar {
    const predictions = tf.tensor4d(logits, [1, 1, 1, 3]);
    return weighting.combine([crossEntropy(weighting.scalePredictions?.(0, predictions) ?? predictions)]);
  }

  it.each([-1, 0, 0.7])('is the likelihood of logits divided by σ² at s = %d, with its gradient', (s) => {
    const weighting = create({ method: 'uncertainty', classification: 'exact' }, [semantic]);
    const variable = weighting.variables[0]?.variable as tf.Variable;
    variable.assign(tf.scalar(s));
    expect(total(weighting).dataSync()[0]).toBeCloseTo(likelihood(logits, Math.exp(s)), 5);
    const { grads } = tf.variableGrads(() => total(weighting), [variable]);
    expect(grads[variable.name]?.dataSync()[0]).toBeCloseTo(
      centralDifference((x) => likelihood(logits, Math.exp(x)), s),
      3,
    );
  });

  it('leaves regression tasks alone', () => {
    const weighting = create({ method: 'uncertainty', classification: 'exact' }, [semantic, depth]);
    const predictions = tf.zeros<tf.Rank.R4>([1, 2, 2, 1]);
    expect(weighting.scalePredictions?.(1, predictions)).toBe(predictions);
  });
});
