import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shapesOptions } from '../../services/shared/catalog/workloads.js';
import { confusionMetric, confusionTable } from '../../services/shared/messages/confusion-cells.js';
import { packageRoot } from '../../services/shared/version.js';
import { colourNames, drawPicture, planPicture, shapeNames } from '../../services/worker/workloads/shapes/draw.js';
import { shapes } from '../../services/worker/workloads/shapes/workload.js';
import { classification } from '../../services/worker/workloads/task-kinds/classification.js';
import { segmentation } from '../../services/worker/workloads/task-kinds/segmentation.js';
import { trivialBaselines } from '../../services/worker/workloads/task-kinds/trivial-baselines.js';
import type { MetricAccumulator, OpenTask } from '../../services/worker/workloads/workload.js';

/** Made by test/fixtures/metrics.py. */
interface Case {
  seed: number;
  ignored: number;
  absent: number;
  expected: {
    loss: number;
    accuracy: number;
    macroF1: number;
    topThreeAccuracy: number;
    meanIoU: number;
    confusion: number[];
  };
}
const cases = JSON.parse(readFileSync(join(packageRoot, 'test/fixtures/metrics.json'), 'utf8')) as Case[];

const classes = 6;
const positions = 240;

/** The formula of metrics.py. */
function uniform(index: number, seed: number): number {
  let x = (Math.imul(index, 2654435761) + seed * 40503) >>> 0;
  x ^= x >>> 15;
  x = Math.imul(x, 2246822519) >>> 0;
  return ((x ^ (x >>> 13)) >>> 0) / 2 ** 32;
}

function inputsOf({ seed, ignored, absent }: Case): { logits: Float32Array; labels: Int32Array } {
  const labels = Int32Array.from({ length: positions }, (_, at) =>
    uniform(at, seed + 1) < ignored ? -1 : Math.floor(uniform(at, seed) * (classes - absent)),
  );
  const logits = Float32Array.from({ length: positions * classes }, (_, at) => 6 * uniform(at, seed + 2) - 3);
  logits.forEach((logit, at) => {
    if (labels[Math.floor(at / classes)] === at % classes) logits[at] = logit + 1.5;
    if (absent > 1 && at % classes === classes - 1) logits[at] = -9;
  });
  return { logits, labels };
}

const task: OpenTask = {
  name: 'kind',
  kind: 'classification',
  label: 'Kind',
  output: 'vector',
  outputChannels: classes,
  channelNames: ['a', 'b', 'c', 'd', 'e', 'f'],
};

/** Feeds a set in batches of so many positions. */
function fed(accumulator: MetricAccumulator, logits: Float32Array, labels: Int32Array, batch: number) {
  for (let start = 0; start < labels.length; start += batch) {
    const end = Math.min(start + batch, labels.length);
    accumulator.update(logits.subarray(classes * start, classes * end), labels.subarray(start, end), end - start);
  }
  return accumulator;
}

function lossOf(logits: Float32Array, labels: Int32Array): number {
  return tf.tidy(
    () =>
      classification
        .loss(tf.tensor2d(logits, [labels.length, classes]), classification.targetTensor(labels, labels.length, 1, 1))
        .dataSync()[0] ?? NaN,
  );
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(cases)('against scikit-learn, $ignored ignored and $absent classes absent', (one) => {
  const { logits, labels } = inputsOf(one);
  const { expected } = one;

  it.each([1, 7, positions])('scores a set in batches of %i', (batch) => {
    const accumulator = fed(classification.accumulator(task, 1, 1), logits, labels, batch);
    const scores = accumulator.result();
    for (const name of ['accuracy', 'macroF1', 'topThreeAccuracy'] as const) {
      expect(scores[name], name).toBeCloseTo(expected[name], 9);
    }
    expect([...(accumulator.confusion?.() ?? [])]).toEqual(expected.confusion);
    const pixels = fed(segmentation.accumulator(task, 1, 1), logits, labels, batch).result();
    expect(pixels['meanIoU']).toBeCloseTo(expected.meanIoU, 9);
    expect(pixels['pixelAccuracy']).toBeCloseTo(expected.accuracy, 9);
  });

  it('has the loss', () => expect(lossOf(logits, labels)).toBeCloseTo(expected.loss, 5));
});

describe('classification', () => {
  it('has the gradient of finite differences, 0 where there is no label', () => {
    const labels = Int32Array.from([2, -1, 0]);
    const logits = Float32Array.from({ length: 3 * classes }, (_, at) => uniform(at, 9) * 4 - 2);
    const gradient = tf.tidy(() =>
      tf
        .grad((output) => classification.loss(output as tf.Tensor2D, classification.targetTensor(labels, 3, 1, 1)))(
          tf.tensor2d(logits, [3, classes]),
        )
        .dataSync(),
    );
    const step = 1e-2;
    logits.forEach((logit, at) => {
      const moved = (by: number): number => lossOf(Float32Array.from(logits).fill(logit + by, at, at + 1), labels);
      expect(gradient[at]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 3);
      if (Math.floor(at / classes) === 1) expect(Math.abs(gradient[at] ?? NaN)).toBe(0);
    });
  });

  it('is 0 and says nothing without a single label', () => {
    const labels = new Int32Array(4).fill(-1);
    const logits = new Float32Array(4 * classes).fill(1);
    expect(Math.abs(lossOf(logits, labels))).toBe(0);
    expect(fed(classification.accumulator(task, 1, 1), logits, labels, 2).result()).toEqual({});
    expect(fed(segmentation.accumulator(task, 1, 1), logits, labels, 2).result()).toEqual({});
  });

  it('takes the first of equal logits, for the likeliest class and for the rank', () => {
    const labels = Int32Array.from([0, 2, 3]);
    const scores = fed(classification.accumulator(task, 1, 1), new Float32Array(3 * classes), labels, 3).result();
    expect(scores['accuracy']).toBeCloseTo(1 / 3, 12);
    expect(scores['topThreeAccuracy']).toBeCloseTo(2 / 3, 12);
  });

  it('refuses a class that the task does not have', () => {
    expect(() => {
      fed(classification.accumulator(task, 1, 1), new Float32Array(classes), Int32Array.from([6]), 1);
    }).toThrow(/class 6; the task has the classes 0 … 5/);
  });

  it('tells the likeliest classes by name, and nothing of a network that diverged', () => {
    const named: OpenTask = { ...task, channelNames: ['a', 'b', 'c', 'd', 'e', 'f'] };
    expect(classification.tell?.target(Int32Array.of(3), named)).toEqual([{ name: 'd', position: 3, value: 1 }]);
    expect(classification.tell?.target(Int32Array.of(-1), named)).toBeUndefined();
    const logits = Float32Array.of(-90, Math.log(3), -90, 0, -90, -90);
    const told = classification.tell?.prediction(logits, named) ?? [];
    expect(told.map(({ name }) => name)).toEqual(['b', 'd', 'a', 'c', 'e']);
    expect(told.map(({ value }) => value)).toEqual(
      [0.75, 0.25, 0, 0, 0].map((value) => expect.closeTo(value, 6) as number),
    );
    expect(classification.tell?.prediction(new Float32Array(classes).fill(NaN), named)).toBeUndefined();
  });

  it('draws a certain prediction as it draws the truth, and a doubtful one in bands', () => {
    const truth = classification.drawTarget(Int32Array.from([3]), 2, 8);
    const logits = new Float32Array(classes);
    logits[3] = 60;
    expect(classification.drawPrediction(logits, Int32Array.from([3]), 2, 8)).toEqual(truth);
    logits[5] = 60;
    const doubtful = classification.drawPrediction(logits, Int32Array.from([3]), 2, 8).rgb;
    expect(doubtful.subarray(0, 12)).toEqual(truth.rgb.subarray(0, 12));
    expect(doubtful.subarray(12, 15)).not.toEqual(truth.rgb.subarray(0, 3));
  });
});

describe('a confusion matrix', () => {
  it('travels as metrics, with its class names', () => {
    const names = ['disc: full', 'a name that is longer than anybody would like', ''];
    const cells = [
      { truth: 0, predicted: 0, value: 5 },
      { truth: 1, predicted: 1, value: 0 },
      { truth: 2, predicted: 0, value: 7 },
    ];
    const metrics = cells.map(({ value, ...cell }) => ({ metric: confusionMetric(cell, names), value }));
    for (const { metric } of metrics) expect(metric.length).toBeLessThanOrEqual(64);
    expect(confusionTable([{ metric: 'accuracy', value: 1 }, ...metrics])).toEqual({
      classes: ['disc  full', 'a name that is longe', '2'],
      counts: [
        [5, 0, 0],
        [0, 0, 0],
        [7, 0, 0],
      ],
    });
    expect(confusionTable([{ metric: 'accuracy', value: 1 }])).toBeUndefined();
  });
});

describe('the shapes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-shapes-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('follow from seed and index, whatever the size of the split', async () => {
    const open = (train: number) =>
      shapes.open(shapesOptions.parse({ train, validation: 2, test: 2, size: 16 }), { cacheFolder: folder });
    const [few, many] = [await open(4), await open(6)];
    const tasks = ['shape', 'colour'];
    expect(many.splits.train.batch([3], tasks)).toEqual(few.splits.train.batch([3], tasks));
    expect(few.splits.validation.batch([0], tasks)).not.toEqual(few.splits.train.batch([0], tasks));
    expect(few.tasks.map(({ outputChannels }) => outputChannels)).toEqual([shapeNames.length, colourNames.length]);
    [few, many].forEach((workload) => workload.close?.());
  });

  it('have all classes about equally often, and independent of each other', () => {
    const pairs = Array.from({ length: 3600 }, (_, index) => planPicture(1, index));
    const cells = new Float64Array(36);
    for (const { shape, colour } of pairs) cells[6 * shape + colour] = (cells[6 * shape + colour] ?? 0) + 1;
    // χ² with 35 degrees of freedom is above 66.6 once in a thousand.
    expect(cells.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0)).toBeLessThan(66.6);
  });

  it('show the paint of their colour where the shape is, and none of it elsewhere', () => {
    const size = 64;
    for (let index = 0; index < 40; index += 1) {
      const picture = { ...planPicture(3, index), shape: shapeNames.indexOf('disc') };
      const image = drawPicture(picture, size, 0);
      const painted = (pixel: number): boolean =>
        picture.paint.every((value, channel) => {
          return Math.abs((image[3 * pixel + channel] ?? NaN) - Math.min(1, Math.max(0, value))) < 0.003;
        });
      const count = Array.from({ length: size * size }, (_, pixel) => painted(pixel)).filter(Boolean).length;
      // A disc of x² + y² < 0.6; pixels that its edge cuts are mixed.
      const area = Math.PI * 0.6 * (picture.radius * size) ** 2;
      const edge = 2 * Math.PI * Math.sqrt(0.6) * picture.radius * size;
      expect(Math.abs(count - area)).toBeLessThan(edge);
    }
  });

  it('have a trivial baseline that scores what its prediction scores', async () => {
    const workload = await shapes.open(shapesOptions.parse({ train: 50, validation: 2, test: 2, size: 16 }), {
      cacheFolder: folder,
    });
    const shape = workload.tasks[0] as OpenTask;
    const labels = workload.splits.train.batch(
      Array.from({ length: 50 }, (_, index) => index),
      ['shape'],
    ).targets['shape'] as Int32Array;
    const counts = shapeNames.map((_, label) => labels.filter((other) => other === label).length);
    const { metrics } = trivialBaselines.classification(workload.splits.train, shape);
    const logits = Float32Array.from({ length: 50 * 6 }, (_, at) => counts[at % 6] ?? 0);
    expect(metrics).toEqual(fed(classification.accumulator(shape, 16, 16), logits, labels, 50).result());
    workload.close?.();
  });
});
