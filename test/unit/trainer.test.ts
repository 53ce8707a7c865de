import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { wholeTrial, type MetricPoint } from '../../services/shared/messages/reports.js';
import type { TrialConfig } from '../../services/shared/trial-config.js';
import type { FromTrainer } from '../../services/worker/trainer-protocol.js';
import { isRetryable } from '../../services/worker/trainer/errors.js';
import { pictureEpochs, shrink } from '../../services/worker/trainer/pictures.js';
import { epochOrder } from '../../services/worker/trainer/random.js';
import { train } from '../../services/worker/trainer/train.js';
import { lossCalls, toyKinds, toyTrial, toyWorkload } from '../helpers/toy-workload.js';

const [trainSize, batchSize, epochs] = [10, 4, 3];

function config(changes: Record<string, unknown> = {}): TrialConfig {
  return toyTrial({ epochs, batchSize, ...changes });
}

interface Outcome {
  readonly end: string;
  readonly messages: FromTrainer[];
  readonly points: MetricPoint[];
}

async function trainToy(
  changes: Record<string, unknown> = {},
  options: { scale?: number; stopAfter?: (message: FromTrainer) => boolean } = {},
): Promise<Outcome> {
  const controller = new AbortController();
  const messages: FromTrainer[] = [];
  const end = await train(config(changes), {
    workload: toyWorkload(trainSize, options.scale ?? 1),
    kinds: toyKinds,
    backend: 'cpu',
    say: (message) => {
      messages.push(message);
      if (options.stopAfter?.(message) === true) controller.abort();
    },
    signal: controller.signal,
  });
  const points = messages.flatMap((message) => (message.type === 'metrics' ? message.points : []));
  return { end, messages, points };
}

const timed = new Set(['secondsPerStep', 'trainSeconds']);
const untimed = ({ points }: Outcome): MetricPoint[] => points.filter(({ metric }) => !timed.has(metric));

function value(points: readonly MetricPoint[], wanted: Partial<MetricPoint>): number | undefined {
  const found = points.filter((point) =>
    Object.entries(wanted).every(([key, item]) => point[key as keyof MetricPoint] === item),
  );
  expect(found.length, JSON.stringify(wanted)).toBeLessThanOrEqual(1);
  return found[0]?.value;
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('epochOrder', () => {
  it('visits every sample once, in an order of its own for each epoch and seed', () => {
    const order = Array.from(epochOrder(50, 3, 1));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(Array.from(epochOrder(50, 3, 1))).toEqual(order);
    expect(Array.from(epochOrder(50, 3, 2))).not.toEqual(order);
    expect(Array.from(epochOrder(50, 4, 1))).not.toEqual(order);
  });

  it('puts every sample at every place about equally often', () => {
    const [length, draws] = [6, 6000];
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < draws; epoch += 1) {
      epochOrder(length, 1, epoch).forEach((sample, place) => {
        counts.set(`${sample} at ${place}`, (counts.get(`${sample} at ${place}`) ?? 0) + 1);
      });
    }
    expect(counts.size).toBe(36);
    // Binomial with mean 1000 and deviation 29: five deviations.
    for (const [place, count] of counts) expect(Math.abs(count - draws / length), place).toBeLessThan(145);
  });
});

describe('train', () => {
  it('reports initial metrics, every epoch’s losses, weights and metrics, and the test metrics', async () => {
    const outcome = await trainToy();
    expect(outcome.end).toBe('succeeded');
    const { points } = outcome;
    const key = ({ epoch, split, task, metric }: MetricPoint): string => `${epoch} ${split} ${task} ${metric}`;
    const weights = ['weight', 'normalisedWeight', 'logVariance', 'variance'];
    const metricOf = { semantic: 'pixelAccuracy', depth: 'meanError' };
    const expected = Object.entries(metricOf).flatMap(([task, metric]) => [
      ...[0, 1, 2, 3].flatMap((epoch) => weights.map((name) => `${epoch} train ${task} ${name}`)),
      ...[1, 2, 3].map((epoch) => `${epoch} train ${task} loss`),
      ...[0, 1, 2, 3].map((epoch) => `${epoch} validation ${task} ${metric}`),
      `3 test ${task} ${metric}`,
    ]);
    const trial = ['parameters', 'multiplyAdds', 'secondsPerStep', 'trainSeconds'].map(
      (metric) => `3 train ${wholeTrial} ${metric}`,
    );
    expect(points.map(key).sort()).toEqual([...expected, ...trial].sort());
    expect(value(points, { epoch: 0, task: 'depth', metric: 'weight' })).toBe(1);
    expect(value(points, { epoch: 3, task: 'depth', metric: 'weight' })).not.toBe(1);
  });

  it('learns', async () => {
    const { points } = await trainToy({ epochs: 25, weighting: { method: 'equal' } });
    const error = (epoch: number): number =>
      value(points, { epoch, split: 'validation', task: 'depth', metric: 'meanError' }) ?? Number.NaN;
    expect(error(25)).toBeLessThan(0.5 * error(0));
    const loss = (epoch: number): number =>
      value(points, { epoch, split: 'train', task: 'semantic', metric: 'loss' }) ?? Number.NaN;
    expect(loss(25)).toBeLessThan(0.5 * loss(1));
  });

  it('says how far it is, from the first step to a log line for each epoch', async () => {
    const { messages } = await trainToy();
    const steps = epochs * Math.ceil(trainSize / batchSize);
    expect(messages.find(({ type }) => type === 'progress')).toEqual({ type: 'progress', step: 0, steps });
    const lines = messages.flatMap((message) => (message.type === 'log' ? [message.text] : []));
    expect(lines[0]).toMatch(/parameters on cpu; 3 epochs of 3 steps/);
    expect(lines.filter((line) => /^epoch \d: semantic loss .*; depth loss /.test(line))).toHaveLength(epochs);
  });

  it('draws the first validation samples after the last epoch, and fewer after some before', async () => {
    const { messages } = await trainToy();
    const pictures = messages.filter((message) => message.type === 'picture');
    const names = (at: number) =>
      pictures.flatMap(({ epoch, sample, task, kind }) => (epoch === at ? [`${sample} ${task} ${kind}`] : []));
    // The input, then truth and prediction of two tasks; the toy tasks draw no errors.
    expect(new Set(names(epochs)).size).toBe(4 * 5);
    expect(names(epochs)).toHaveLength(20);
    expect(names(1)).toHaveLength(2 * 5);
    // On the way there what does not change is left out.
    expect(names(2)).toHaveLength(2 * 2);
    for (const { png } of pictures) expect(Buffer.from(png, 'base64').subarray(1, 4).toString()).toBe('PNG');
  });

  it('draws after the first epoch, the last, and some between, each once', () => {
    expect([1, 2, 3, 12, 100].map(pictureEpochs)).toEqual([
      [1],
      [1, 2],
      [1, 2, 3],
      [1, 2, 4, 8, 12],
      [1, 10, 30, 60, 100],
    ]);
  });

  it('gives the same metrics to the last bit when it is run again, and others with another seed', async () => {
    const [first, second, other] = [await trainToy(), await trainToy(), await trainToy({ seed: 8 })];
    expect(untimed(second)).toEqual(untimed(first));
    expect(untimed(other)).not.toEqual(untimed(first));
  });

  it('leaves no tensor behind and keeps none from step to step', async () => {
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    await trainToy(
      {},
      { stopAfter: (message) => (message.type === 'metrics' && counts.push(tf.memory().numTensors), false) },
    );
    expect(tf.memory().numTensors).toBe(before);
    expect(new Set(counts).size).toBe(1);
  });

  it('trains the tasks of its configuration only', async () => {
    const { points } = await trainToy({ tasks: ['depth'], weighting: { method: 'fixed', weights: { depth: 1 } } });
    expect(new Set(points.map(({ task }) => task))).toEqual(new Set(['depth', wholeTrial]));
  });

  it('stops after the running step and cleans up', async () => {
    const before = tf.memory().numTensors;
    const { end, messages } = await trainToy({}, { stopAfter: ({ type }) => type === 'metrics' });
    expect(end).toBe('stopped');
    expect(messages.filter(({ type }) => type === 'metrics')).toHaveLength(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('tells which task diverged in which epoch, and that trying again is of no use', async () => {
    const before = tf.memory().numTensors;
    const error: unknown = await trainToy({}, { scale: Number.NaN }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'TRAINING_DIVERGED', ids: { task: 'depth', epoch: 1 } });
    expect(isRetryable(error)).toBe(false);
    expect(isRetryable(new Error('out of memory'))).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses too large a model before training, and a task that the workload lacks', async () => {
    const before = tf.memory().numTensors;
    await expect(trainToy({ limits: { parameters: 10, stallSeconds: 60 } })).rejects.toMatchObject({
      code: 'MODEL_TOO_LARGE',
    });
    await expect(trainToy({ tasks: ['depht'] })).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
    await expect(trainToy({ weighting: { method: 'fixed', weights: { depth: 1 } } })).rejects.toMatchObject({
      code: 'WEIGHT_MISSING',
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes squared errors for Gaussian likelihoods and absolute ones otherwise', async () => {
    const errors = async (weighting: Record<string, unknown>): Promise<Set<unknown>> => {
      lossCalls.length = 0;
      await trainToy({ weighting, epochs: 1 });
      return new Set(lossCalls);
    };
    expect(await errors({ method: 'uncertainty', regression: 'squared' })).toEqual(new Set(['squared']));
    expect(await errors({ method: 'uncertainty' })).toEqual(new Set(['absolute']));
    expect(await errors({ method: 'equal' })).toEqual(new Set(['absolute']));
  });

  it('reports the loss of the logits as they are when the weighting scales them', async () => {
    // With variances that stay put, the first epoch's first step starts from the same network: a batch of all samples.
    const one = { epochs: 1, batchSize: trainSize };
    const loss = async (weighting: Record<string, unknown>): Promise<number | undefined> =>
      value((await trainToy({ ...one, weighting })).points, { epoch: 1, task: 'semantic', metric: 'loss' });
    const plain = await loss({ method: 'equal' });
    expect(plain).toBeGreaterThan(0);
    expect(await loss({ method: 'uncertainty', classification: 'exact', initialLogVariance: -2 })).toBe(plain);
  });
});

describe('shrink', () => {
  it('leaves small pictures alone and keeps every n-th pixel of large ones', () => {
    const picture = { width: 5, height: 3, rgb: Uint8Array.from({ length: 45 }, (_, index) => index) };
    expect(shrink(picture, 15)).toBe(picture);
    const small = shrink(picture, 14);
    expect([small.width, small.height]).toEqual([3, 2]);
    expect(Array.from(small.rgb.subarray(0, 9))).toEqual([0, 1, 2, 6, 7, 8, 12, 13, 14]);
    expect(Array.from(small.rgb.subarray(9))).toEqual([30, 31, 32, 36, 37, 38, 42, 43, 44]);
  });
});
