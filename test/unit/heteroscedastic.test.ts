import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { modelNames } from '../../services/shared/catalog/models.js';
import { trialConfig, type TrialConfig } from '../../services/shared/trial-config.js';
import type { FromTrainer } from '../../services/worker/trainer-protocol.js';
import { architectureOf, buildModel } from '../../services/worker/models/registry.js';
import { Draws } from '../../services/worker/weighting/draws.js';
import { train } from '../../services/worker/trainer/train.js';
import { openTrial } from '../../services/worker/trainer/trial.js';
import { taskKindImplementations } from '../../services/worker/workloads/registry.js';
import { noisyError, residualsOf } from '../../services/worker/workloads/task-kinds/regression-loss.js';
import type { RegressionError } from '../../services/worker/workloads/workload.js';
import { toyTrial, toyWorkload } from '../helpers/toy-workload.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const draws = new Draws(5, 0);
const normal = (count: number, row: number): number[] =>
  Array.from({ length: count }, (_, index) => draws.normal(row, index));
/** By the inverse of its cumulative distribution. */
const laplace = (row: number, index: number): number => {
  const u = draws.uniform(row, index) - 0.5;
  return -Math.sign(u) * Math.log(1 - 2 * Math.abs(u));
};

const [places, channels] = [6, 2];
const valid = [1, 0, 1, 1, 0, 1];

/** The definition, number by number, in float64: the mean over valid places of −log p, constants left out. */
function definition(
  values: readonly number[],
  logScales: readonly number[],
  truths: readonly number[],
  error: RegressionError,
): number {
  let sum = 0;
  for (let place = 0; place < places; place += 1) {
    if (valid[place] === 0) continue;
    const s = logScales[place] ?? 0;
    for (let channel = 0; channel < channels; channel += 1) {
      const distance = (values[2 * place + channel] ?? 0) - (truths[2 * place + channel] ?? 0);
      sum += error === 'squared' ? distance ** 2 / (2 * Math.exp(s)) + 0.5 * s : Math.abs(distance) / Math.exp(s) + s;
    }
  }
  return sum / (channels * valid.filter((one) => one === 1).length);
}

describe.each(['absolute', 'squared'] as const)('the loss of a predicted noise, %s error', (error) => {
  const values = normal(places * channels, 1);
  const truths = normal(places * channels, 2);
  const logScales = normal(places, 3);
  const loss = (x: tf.Tensor, s: tf.Tensor): tf.Scalar =>
    noisyError(residualsOf(x, tf.tensor2d(truths, [places, channels]), 1, tf.tensor2d(valid, [places, 1])), s, error);

  it('has the value and the gradient of its definition', () => {
    const [x, s] = [tf.tensor2d(values, [places, channels]), tf.tensor2d(logScales, [places, 1])];
    expect(loss(x, s).dataSync()[0]).toBeCloseTo(definition(values, logScales, truths, error), 5);
    const [byValue, byScale] = tf.grads((a, b) => loss(a, b))([x, s]);
    const step = 1e-5;
    const slope = (which: 'values' | 'scales', index: number): number => {
      const at = (shift: number): number => {
        const moved = (which === 'values' ? values : logScales).map(
          (one, place) => one + (place === index ? shift : 0),
        );
        return which === 'values'
          ? definition(moved, logScales, truths, error)
          : definition(values, moved, truths, error);
      };
      return (at(step) - at(-step)) / (2 * step);
    };
    const [ofValues, ofScales] = [byValue?.dataSync() ?? [], byScale?.dataSync() ?? []];
    values.forEach((_, index) => expect(ofValues[index], `value ${index}`).toBeCloseTo(slope('values', index), 4));
    logScales.forEach((_, index) => expect(ofScales[index], `scale ${index}`).toBeCloseTo(slope('scales', index), 4));
  });

  it('is least in s at the logarithm of the error', () => {
    const best = Array.from({ length: places }, (_, place) => {
      const errors = [0, 1].map((channel) =>
        Math.abs((values[2 * place + channel] ?? 0) - (truths[2 * place + channel] ?? 0)),
      );
      const powers = errors.map((one) => (error === 'squared' ? one ** 2 : one));
      return Math.log(powers.reduce((sum, one) => sum + one, 0) / channels);
    });
    const x = tf.tensor2d(values, [places, channels]);
    const slopes = tf.grad((s) => loss(x, s))(tf.tensor2d(best, [places, 1]));
    for (const slope of slopes.dataSync()) expect(slope).toBeCloseTo(0, 6);
  });

  it('finds how noise of a known size depends on a place', () => {
    const count = 1000;
    const at = Array.from({ length: count }, (_, index) => 2 * draws.uniform(4, index) - 1);
    // y = 1 + 2x with a noise of scale e^(−1 + 1.5x), as the likelihood's own parameter.
    const [base, rise] = [-1, 1.5];
    const noise = at.map((x, index) => {
      const scale = Math.exp(base + rise * x);
      return error === 'squared' ? Math.sqrt(scale) * draws.normal(5, index) : scale * laplace(5, index);
    });
    const x = tf.tensor2d(at, [count, 1]);
    const y = tf.tensor2d(
      at.map((one, index) => 1 + 2 * one + (noise[index] ?? 0)),
      [count, 1],
    );
    const all = tf.ones([count, 1]);
    const [mean, scale] = [tf.variable(tf.zeros([2])), tf.variable(tf.zeros([2]))];
    const line = (parameters: tf.Tensor): tf.Tensor => {
      const [offset, slope] = tf.unstack(parameters) as [tf.Tensor, tf.Tensor];
      return tf.add(offset, tf.mul(slope, x));
    };
    // Constant steps would go on oscillating around the corner of a Laplace likelihood.
    const rateOf = (step: number): number => 0.15 / (1 + Math.max(0, step - 200) / 10);
    for (let step = 0; step < 400; step += 1) {
      tf.tidy(() => {
        const { grads } = tf.variableGrads(
          () => noisyError(residualsOf(line(mean), y, 1, all), line(scale), error),
          [mean, scale],
        );
        for (const variable of [mean, scale])
          variable.assign(tf.sub(variable, tf.mul(grads[variable.name] as tf.Tensor, rateOf(step))));
      });
    }
    const found = [...mean.dataSync(), ...scale.dataSync()];
    // With so many samples the deviation of each is below 0.08.
    [1, 2, base, rise].forEach((truth, place) => expect(Math.abs((found[place] ?? NaN) - truth)).toBeLessThan(0.12));
  });
});

const input = { height: 16, width: 24, channels: 3 };
const encoder = { name: 'resnet', channels: [4, 8], units: 2 };
const depth = { name: 'depth', output: 'map', outputChannels: 1 } as const;
const semantic = { name: 'semantic', output: 'map', outputChannels: 3 } as const;

describe.each(modelNames)('heads of %s that predict their noise', (name) => {
  it('put it behind an output that starts as without it, at 0 everywhere', () => {
    const config = trialConfig.shape.model.parse({ name, encoder, head: 4 });
    const images = tf.randomUniform<tf.Rank.R4>([2, input.height, input.width, 3], 0, 1, 'float32', 1);
    const outputOf = (noiseChannels: number): tf.Tensor => {
      const tasks = [semantic, { ...depth, noiseChannels }];
      const model = buildModel(architectureOf(config, input, tasks), 3, 1e6);
      const output = model.forward(images, 'evaluation')[1] as tf.Tensor;
      model.dispose();
      return output;
    };
    const [plain, noisy] = [outputOf(0), outputOf(1)];
    expect(noisy.shape).toEqual([2, input.height, input.width, 2]);
    const [values, logScales] = tf.split(noisy, 2, 3);
    expect(Array.from(values?.dataSync() ?? [])).toEqual(Array.from(plain.dataSync()));
    expect(logScales?.dataSync().every((value) => value === 0)).toBe(true);
  });
});

function config(changes: Record<string, unknown>): TrialConfig {
  return toyTrial({ uncertainty: { heteroscedastic: ['depth'] }, ...changes });
}

async function trained(changes: Record<string, unknown> = {}): Promise<FromTrainer[]> {
  const messages: FromTrainer[] = [];
  const end = await train(config(changes), {
    workload: toyWorkload(10),
    kinds: taskKindImplementations,
    backend: 'cpu',
    say: (message) => messages.push(message),
    signal: new AbortController().signal,
  });
  expect(end).toBe('succeeded');
  return messages;
}

describe('a trial with a predicted noise', () => {
  it('weighs its task by 1, tells how well the noise fits, draws it, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const messages = await trained();
    expect(tf.memory().numTensors).toBe(before);
    const points = messages.flatMap((message) => (message.type === 'metrics' ? message.points : []));
    const of = (task: string, split: string): Map<string, number> =>
      new Map(
        points.filter((one) => one.task === task && one.split === split).map(({ metric, value }) => [metric, value]),
      );
    expect(of('depth', 'train').get('weight')).toBe(1);
    expect(of('depth', 'train').has('logVariance')).toBe(false);
    expect(of('semantic', 'train').get('weight')).not.toBe(1);
    for (const metric of ['negativeLogLikelihood', 'calibrationError', 'predictedDeviation']) {
      expect(of('depth', 'test').get(metric), metric).toBeTypeOf('number');
    }
    expect(of('depth', 'test').has('epistemicDeviation')).toBe(false);
    expect(of('semantic', 'test').get('negativeLogLikelihood')).toBeGreaterThan(0);
    const levels = [...of('depth', 'test')].filter(([metric]) => metric.startsWith('calibration:quantile:'));
    expect(levels.map(([, value]) => value)).toEqual(levels.map(([, value]) => value).sort((a, b) => a - b));
    expect(levels).toHaveLength(19);
    const drawn = messages.filter((message) => message.type === 'picture' && message.kind === 'noise');
    expect(new Set(drawn.map((message) => message.type === 'picture' && message.task))).toEqual(new Set(['depth']));
  });

  it('does the same for classes, whose logits are noisy, and gives the same numbers again', async () => {
    const before = tf.memory().numTensors;
    const runs = [0, 1].map(() => trained({ uncertainty: { heteroscedastic: ['semantic'], logitSamples: 3 } }));
    const [messages, again] = await Promise.all(runs);
    expect(tf.memory().numTensors).toBe(before);
    const pointsOf = (said: readonly FromTrainer[] = []) =>
      said.flatMap((message) => (message.type === 'metrics' ? message.points : []));
    const timed = ['trainSeconds', 'secondsPerStep'];
    const numbers = (said: readonly FromTrainer[] = []) =>
      pointsOf(said).filter(({ metric }) => !timed.includes(metric));
    expect(numbers(again)).toEqual(numbers(messages));
    const of = (task: string, split: string): Map<string, number> =>
      new Map(
        pointsOf(messages)
          .filter((one) => one.task === task && one.split === split)
          .map(({ metric, value }) => [metric, value]),
      );
    expect(of('semantic', 'train').get('weight')).toBe(1);
    expect(of('depth', 'train').get('weight')).not.toBe(1);
    expect(of('semantic', 'test').get('noiseInformation')).toBeGreaterThan(0);
    expect(of('semantic', 'test').get('negativeLogLikelihood')).toBeGreaterThan(0);
    expect(of('depth', 'test').has('noiseInformation')).toBe(false);
    const drawn = (messages ?? []).filter((message) => message.type === 'picture' && message.kind === 'noise');
    expect(new Set(drawn.map((message) => message.type === 'picture' && message.task))).toEqual(new Set(['semantic']));
  });

  it.each(['depth', 'semantic'])('learns under a weighting of gradients as well, for %s', async (noisy) => {
    const uncertainty = { heteroscedastic: [noisy] };
    const losses = (await trained({ weighting: { method: 'pcgrad' }, epochs: 8, uncertainty }))
      .flatMap((message) => (message.type === 'metrics' ? message.points : []))
      .filter(({ task, metric }) => task === noisy && metric === 'loss')
      .map(({ value }) => value);
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  });

  it('of classes can be weighed by ratios of losses, which stay above 0', async () => {
    const uncertainty = { heteroscedastic: ['semantic'] };
    for (const method of ['geometric', 'famo']) {
      const messages = await trained({ weighting: { method }, uncertainty });
      expect(messages.some((message) => message.type === 'metrics')).toBe(true);
    }
  });

  it.each([
    [
      'a weighting by ratios of losses',
      { weighting: { method: 'geometric' } },
      /geometric needs losses above 0.*depth/,
    ],
    [
      'gradients that are divided by losses',
      { weighting: { method: 'mgda', normalise: 'loss' } },
      /mgda needs losses above 0.*depth/,
    ],
  ])('is refused for %s', (_, changes, message) => {
    expect(() => openTrial(config(changes), toyWorkload(4), taskKindImplementations)).toThrow(message);
  });
});
