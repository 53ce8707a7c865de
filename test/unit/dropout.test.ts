import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelNames } from '../../services/shared/catalog/models.js';
import type { MetricPoint } from '../../services/shared/messages/reports.js';
import type { TrialConfig } from '../../services/shared/trial-config.js';
import { dense } from '../../services/worker/models/layers/dense.js';
import { scopeOf } from '../../services/worker/models/scope.js';
import { dropoutMask } from '../../services/worker/operations/dropout-mask.js';
import type { FromTrainer, ResumedCheckpoint } from '../../services/worker/trainer-protocol.js';
import { readCheckpoint } from '../../services/worker/trainer/checkpoint/checkpoint.js';
import { openBatch } from '../../services/worker/trainer/step-batch.js';
import { train } from '../../services/worker/trainer/train.js';
import { openTrial } from '../../services/worker/trainer/trial.js';
import { ClassPredictive } from '../../services/worker/trainer/uncertainty/class-predictive.js';
import { cumulative, logDensity, normalCumulative } from '../../services/worker/trainer/uncertainty/noise.js';
import { RegressionPredictive } from '../../services/worker/trainer/uncertainty/regression-predictive.js';
import { ClassScores, RegressionScores } from '../../services/worker/trainer/uncertainty/scores.js';
import { Draws } from '../../services/worker/weighting/draws.js';
import { taskKindImplementations } from '../../services/worker/workloads/registry.js';
import type { Dataset } from '../../services/worker/workloads/workload.js';
import { toyTrial, toyWorkload } from '../helpers/toy-workload.js';

const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-dropout-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(async () => {
  await tf.setBackend('cpu');
});

const draws = new Draws(9, 0);

describe('what dropout leaves out', () => {
  it('is a share of the elements, follows from the key alone and differs with it', () => {
    const [rate, count] = [0.3, 20_000];
    const maskOf = (key: number): Float32Array => dropoutMask([count], rate, key).dataSync<'float32'>();
    const mask = maskOf(1);
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
    // Binomial: five deviations.
    expect(Math.abs(mask.filter((one) => one === 0).length - rate * count)).toBeLessThan(
      5 * Math.sqrt(count * rate * (1 - rate)),
    );
    expect(maskOf(1)).toEqual(mask);
    const both = maskOf(2).filter((one, index) => one === 0 && mask[index] === 0).length;
    expect(Math.abs(both - rate ** 2 * count)).toBeLessThan(5 * Math.sqrt(count * rate ** 2 * (1 - rate ** 2)));
  });

  it('gives a linear layer the mean and the variance that are known in closed form', () => {
    const [rate, passes] = [0.25, 4000];
    const [inputs, weights] = [
      [1, -2, 0.5, 3],
      [0.4, 0.3, -1, 0.2],
    ];
    const layer = dense({ name: 'dense', from: 4, to: 1 });
    const known = new Map<string, tf.Variable>([
      ['dense/weights', tf.variable(tf.tensor2d(weights, [4, 1]))],
      ['dense/bias', tf.variable(tf.tensor1d([0.7]))],
    ]);
    const values = {
      parameter: (name: string) => known.get(name) as tf.Variable,
      state: () => tf.variable(tf.scalar(0)),
    };
    const predictive = new RegressionPredictive(Float64Array.of(0), 'gaussian');
    for (let key = 0; key < passes; key += 1) {
      const output = tf.tidy(() => {
        const scope = scopeOf(values, 'evaluation', undefined, { rate, key });
        return layer.apply(scope.drop('input', tf.tensor2d(inputs, [1, 4])), scope).dataSync();
      });
      predictive.add(output, () => Math.log(0.09));
    }
    const products = inputs.map((input, index) => input * (weights[index] ?? 0));
    const mean = 0.7 + products.reduce((sum, one) => sum + one, 0);
    const variance = (rate / (1 - rate)) * products.reduce((sum, one) => sum + one ** 2, 0);
    expect(predictive.mean()[0]).toBeCloseTo(mean, 1);
    // The deviation of a variance of so many draws is about 2 %.
    expect((predictive.epistemicDeviations()[0] ?? 0) ** 2 / variance).toBeCloseTo(1, 1);
    expect(predictive.noiseDeviations()[0]).toBeCloseTo(0.3, 6);
  });
});

describe('the predictive distribution of a regression', () => {
  it('is the mixture of its passes', () => {
    const [truth, means, logScales] = [0.4, [0, 1], [-0.5, 0.3]];
    for (const family of ['laplace', 'gaussian'] as const) {
      const predictive = new RegressionPredictive(Float64Array.of(truth, Number.NaN), family);
      means.forEach((mean, pass) => predictive.add([mean, 9], () => logScales[pass] ?? 0));
      const seen: { cumulative: number; logDensity: number }[] = [];
      predictive.forEachTruth((one) => seen.push(one));
      expect(seen).toHaveLength(1);
      // By numerical integration of the mixture's density from far below to the truth.
      const density = (y: number): number =>
        means.reduce((sum, mean, pass) => sum + 0.5 * Math.exp(logDensity(family, y - mean, logScales[pass] ?? 0)), 0);
      const [from, parts] = [-30, 60_000];
      const width = (truth - from) / parts;
      let integral = 0;
      for (let part = 0; part < parts; part += 1) integral += width * density(from + (part + 0.5) * width);
      expect(seen[0]?.cumulative).toBeCloseTo(integral, 5);
      expect(seen[0]?.logDensity).toBeCloseTo(Math.log(density(truth)), 10);
    }
  });

  it('has the normal distribution’s cumulative probabilities', () => {
    // Abramowitz & Stegun 1964, table 26.1.
    for (const [x, p] of [
      [0, 0.5],
      [0.5, 0.6914624613],
      [1, 0.8413447461],
      [2, 0.9772498681],
      [-3, 0.001349898],
    ] as const) {
      expect(normalCumulative(x)).toBeCloseTo(p, 6);
    }
    expect(cumulative('laplace', Math.LN2, 0)).toBeCloseTo(0.75, 12);
  });

  it('is calibrated where the noise is what it is said to be, and not where it is wider', () => {
    const count = 4000;
    const resultOf = (factor: number) => {
      const truths = Float64Array.from({ length: count }, (_, index) => factor * 0.5 * draws.normal(1, index));
      const predictive = new RegressionPredictive(truths, 'gaussian');
      predictive.add(new Float64Array(count), () => 2 * Math.log(0.5));
      const scores = new RegressionScores(3, false);
      scores.add(predictive);
      return scores.result();
    };
    const right = resultOf(1);
    expect(right['calibrationError']).toBeLessThan(0.015);
    expect(right['predictedDeviation']).toBeCloseTo(1.5, 6);
    // ½·log(2πe·σ²), σ = 1.5 in the task's unit.
    expect(right['negativeLogLikelihood']).toBeCloseTo(0.5 * Math.log(2 * Math.PI * Math.E * 2.25), 1);
    const wrong = resultOf(3);
    expect(wrong['calibrationError']).toBeGreaterThan(0.1);
    expect(wrong['calibration:quantile:0.05']).toBeGreaterThan(0.2);
    expect(wrong['negativeLogLikelihood']).toBeGreaterThan((right['negativeLogLikelihood'] ?? 0) + 1);
  });
});

describe('the predictive distribution of classes', () => {
  const [places, classes, passes] = [500, 4, 3];
  const labels = Array.from({ length: places }, (_, place) =>
    place % 7 === 0 ? -1 : draws.integer(2, place) % classes,
  );
  const logits = Array.from({ length: passes }, (_, pass) =>
    Float32Array.from({ length: places * classes }, (_, index) => 2 * draws.normal(3 + pass, index)),
  );
  const softmax = (row: readonly number[]): number[] => {
    const sum = row.reduce((total, one) => total + Math.exp(one), 0);
    return row.map((one) => Math.exp(one) / sum);
  };
  const entropy = (row: readonly number[]): number => -row.reduce((sum, one) => sum + one * Math.log(one), 0);
  const rows = labels.map((label, place) => {
    const ofPasses = logits.map((one) => softmax(Array.from(one.subarray(place * classes, (place + 1) * classes))));
    const mean = Array.from({ length: classes }, (_, at) =>
      ofPasses.reduce((sum, one) => sum + (one[at] ?? 0) / passes, 0),
    );
    return { label, mean, information: entropy(mean) - ofPasses.reduce((sum, one) => sum + entropy(one) / passes, 0) };
  });
  const predictive = new ClassPredictive(labels);
  logits.forEach((one) => predictive.add(one));

  it('has the calibration error, likelihood and mutual information of their definitions', () => {
    const scores = new ClassScores(true);
    scores.add(predictive);
    const result = scores.result();
    const counted = rows.filter(({ label }) => label >= 0);
    const most = counted.map(({ mean }) => Math.max(...mean));
    // Sorted into bins by their bounds, one after the other.
    let error = 0;
    for (let bin = 0; bin < 15; bin += 1) {
      const inside = counted.filter(
        (_, index) => (most[index] ?? 0) > bin / 15 && (most[index] ?? 0) <= (bin + 1) / 15,
      );
      if (inside.length === 0) continue;
      const accuracy =
        inside.filter(({ mean, label }) => mean.indexOf(Math.max(...mean)) === label).length / inside.length;
      const confidence = inside.reduce((sum, { mean }) => sum + Math.max(...mean), 0) / inside.length;
      error += (inside.length / counted.length) * Math.abs(accuracy - confidence);
    }
    expect(result['calibrationError']).toBeCloseTo(error, 6);
    const nats = counted.reduce((sum, { mean, label }) => sum - Math.log(mean[label] ?? 0), 0) / counted.length;
    expect(result['negativeLogLikelihood']).toBeCloseTo(nats, 5);
    const information = counted.reduce((sum, one) => sum + one.information, 0) / counted.length;
    expect(result['mutualInformation']).toBeCloseTo(information, 5);
    expect(new ClassScores(true).result()).toEqual({});
  });

  it('stands as logits for the mean of the probabilities', () => {
    const found = predictive.logits();
    rows.forEach(({ mean }, place) => {
      softmax(Array.from(found.subarray(place * classes, (place + 1) * classes))).forEach((one, at) => {
        expect(one).toBeCloseTo(mean[at] ?? 0, 5);
      });
    });
  });
});

function config(changes: Record<string, unknown>): TrialConfig {
  return toyTrial({ uncertainty: { heteroscedastic: ['depth'], dropout: { rate: 0.2, passes: 3 } }, ...changes });
}

interface Run {
  readonly end: string;
  readonly messages: readonly FromTrainer[];
  readonly points: readonly MetricPoint[];
}

async function run(
  changes: Record<string, unknown>,
  { stopAtBatch, resume }: { stopAtBatch?: number; resume?: ResumedCheckpoint } = {},
): Promise<Run> {
  const controller = new AbortController();
  const messages: FromTrainer[] = [];
  const workload = toyWorkload(10);
  const { train: samples } = workload.splits;
  let batches = 0;
  const counted: Dataset = {
    length: samples.length,
    batch: (indices, tasks) => {
      batches += 1;
      if (batches === stopAtBatch) controller.abort();
      return samples.batch(indices, tasks);
    },
  };
  const before = tf.memory().numTensors;
  const end = await train(config(changes), {
    workload: { ...workload, splits: { ...workload.splits, train: counted } },
    kinds: taskKindImplementations,
    backend: 'cpu',
    say: (message) => messages.push(message),
    signal: controller.signal,
    checkpointFolder: folder,
    resume,
  });
  expect(tf.memory().numTensors).toBe(before);
  const points = messages.flatMap((message) => (message.type === 'metrics' ? message.points : []));
  return { end, messages, points: points.filter(({ metric }) => !/econds/.test(metric)) };
}

const checkpointOf = ({ messages }: Run) => {
  const last = messages.filter((message) => message.type === 'checkpoint').at(-1);
  if (last === undefined) throw new Error('no checkpoint was written');
  return last;
};

describe('a trial with dropout', () => {
  it('tells what the network does not know, and draws it', async () => {
    const { points, messages } = await run({});
    const of = (task: string): Map<string, number> =>
      new Map(
        points.filter((one) => one.task === task && one.split === 'test').map(({ metric, value }) => [metric, value]),
      );
    expect(of('depth').get('epistemicDeviation')).toBeGreaterThan(0);
    expect(of('depth').get('predictedDeviation')).toBeGreaterThan(of('depth').get('epistemicDeviation') ?? 0);
    expect(of('semantic').get('mutualInformation')).toBeGreaterThan(0);
    const kinds = messages.flatMap((message) =>
      message.type === 'picture' ? [`${message.task} ${message.kind}`] : [],
    );
    for (const wanted of ['semantic epistemic', 'depth epistemic', 'depth noise']) expect(kinds).toContain(wanted);
    expect(kinds).not.toContain('semantic noise');
  });

  it('goes on from a checkpoint as if it had not been interrupted, to the last bit', async () => {
    const changes = { checkpoint: { keep: 'final' } };
    const undisturbed = await run(changes);
    const stopped = await run(changes, { stopAtBatch: 5 });
    expect(stopped.end).toBe('stopped');
    const { file, step } = checkpointOf(stopped);
    // In the middle of the second of three epochs of three steps.
    expect(step).toBe(5);
    const resumed = await run(changes, { resume: { file, attempt: 1, step } });
    expect(resumed.points).toEqual(undisturbed.points);
    const blocks = async (one: Run) => [...(await readCheckpoint(checkpointOf(one).file)).blocks];
    expect(await blocks(resumed)).toEqual(await blocks(undisturbed));
  });

  it.each(modelNames)(
    'leaves out features of %s in training passes, the same in a step, others in the next',
    (name) => {
      const trial = openTrial(
        config({ model: { name, encoder: { name: 'resnet', channels: [4, 8], units: 2 }, head: 4 } }),
        toyWorkload(4),
        taskKindImplementations,
      );
      const outputsOf = (step: number): number[][] => {
        const { images, dropout } = openBatch(trial, [0, 1], step);
        return trial.model.forward(images, 'rehearsal', dropout).map((output) => Array.from(output.dataSync()));
      };
      expect(outputsOf(3)).toEqual(outputsOf(3));
      outputsOf(3).forEach((output, task) => expect(output).not.toEqual(outputsOf(4)[task]));
      trial.dispose();
    },
  );

  it('learns under a weighting of gradients as well', async () => {
    const { points } = await run({ weighting: { method: 'mgda' }, epochs: 8 });
    const losses = points.filter(({ task, metric }) => task === 'depth' && metric === 'loss').map(({ value }) => value);
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  });
});
