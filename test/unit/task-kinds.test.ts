import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { metricsOfKind, type TaskKind } from '../../services/shared/catalog/metrics.js';
import type { Dataset, OpenTask, TargetArray } from '../../services/worker/workloads/workload.js';
import { taskKindImplementations } from '../../services/worker/workloads/registry.js';
import { trivialBaselines } from '../../services/worker/workloads/task-kinds/trivial-baselines.js';

/** Kinds that predict something for each pixel; classification.test.ts has the other one. */
const mapKinds = ['segmentation', 'instance-vectors', 'depth'] as const satisfies readonly TaskKind[];
type MapKind = (typeof mapKinds)[number];

const [height, width] = [3, 4];
const pixels = height * width;
/** An output of 1 is 1/64 of the width; at a width of 4 px that is this many px. */
const unit = width / 64;

const channels: Readonly<Record<MapKind, number>> = { segmentation: 4, 'instance-vectors': 2, depth: 1 };
const taskOf = (kind: MapKind): OpenTask => ({
  name: kind,
  kind,
  label: kind,
  output: 'map',
  outputChannels: channels[kind],
  channelNames: [],
});

/** Numbers that look random and are the same in every run (a linear congruence, Numerical Recipes' constants). */
function numbers(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

/** Random targets of some samples, a quarter of the pixels invalid. */
function targetsOf(kind: MapKind, size: number, seed: number): TargetArray {
  const values = numbers(3 * size * pixels, seed);
  const at = (pixel: number, place: number): number => values[3 * pixel + place] ?? 0;
  const perPixel = (of: (pixel: number) => number[]): number[] =>
    Array.from({ length: size * pixels }, (_, pixel) => of(pixel)).flat();
  // The fourth class occurs nowhere: it must not count as an IoU of 0 unless it is predicted.
  if (kind === 'segmentation') {
    return Int32Array.from(perPixel((pixel) => [at(pixel, 0) < 0.25 ? -1 : Math.floor(3 * at(pixel, 1))]));
  }
  if (kind === 'depth') {
    return Float32Array.from(perPixel((pixel) => [at(pixel, 0) < 0.25 ? 0 : 0.1 + 5 * at(pixel, 1)]));
  }
  return Float32Array.from(
    perPixel((pixel) => (at(pixel, 0) < 0.25 ? [0, 0, 0] : [4 * at(pixel, 1) - 2, 4 * at(pixel, 2) - 2, 1])),
  );
}

function predictionsOf(kind: MapKind, size: number, seed: number): Float32Array {
  return Float32Array.from(numbers(size * pixels * channels[kind], seed), (value) => (6 * value - 3) / unit / 4);
}

/** The definition of each kind's loss and metrics, pixel by pixel, in float64. */
const definitions: Readonly<
  Record<MapKind, (predictions: Float32Array, targets: TargetArray) => { loss: number; metrics: number[] }>
> = {
  segmentation: (predictions, targets) => {
    let [nats, counted, right] = [0, 0, 0];
    const pairs: [number, number][] = [];
    targets.forEach((label, pixel) => {
      if (label < 0) return;
      const logits = [...predictions.subarray(4 * pixel, 4 * pixel + 4)];
      const top = Math.max(...logits);
      nats += top + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0)) - (logits[label] ?? NaN);
      const predicted = logits.indexOf(top);
      pairs.push([label, predicted]);
      right += predicted === label ? 1 : 0;
      counted += 1;
    });
    const ious = [0, 1, 2, 3].flatMap((label) => {
      const union = pairs.filter(([truth, predicted]) => truth === label || predicted === label).length;
      const both = pairs.filter(([truth, predicted]) => truth === label && predicted === label).length;
      return union === 0 ? [] : [both / union];
    });
    return { loss: nats / counted, metrics: [ious.reduce((sum, iou) => sum + iou, 0) / ious.length, right / counted] };
  },
  'instance-vectors': (predictions, targets) => {
    let [manhattan, euclid, counted] = [0, 0, 0];
    for (let pixel = 0; pixel < targets.length / 3; pixel += 1) {
      if (targets[3 * pixel + 2] === 0) continue;
      const dx = unit * (predictions[2 * pixel] ?? NaN) - (targets[3 * pixel] ?? NaN);
      const dy = unit * (predictions[2 * pixel + 1] ?? NaN) - (targets[3 * pixel + 1] ?? NaN);
      manhattan += Math.abs(dx) + Math.abs(dy);
      euclid += Math.hypot(dx, dy);
      counted += 1;
    }
    return { loss: manhattan / (2 * counted) / unit, metrics: [euclid / counted] };
  },
  depth: (predictions, targets) => {
    let [absolute, relative, counted] = [0, 0, 0];
    targets.forEach((truth, pixel) => {
      if (truth === 0) return;
      const error = Math.abs(unit * (predictions[pixel] ?? NaN) - truth);
      absolute += error;
      relative += error / truth;
      counted += 1;
    });
    return { loss: absolute / counted / unit, metrics: [absolute / counted, relative / counted] };
  },
};

function lossOf(kind: MapKind, predictions: Float32Array, targets: TargetArray, size: number): number {
  return tf.tidy(() => {
    const implementation = taskKindImplementations[kind];
    const shape: [number, number, number, number] = [size, height, width, channels[kind]];
    return (
      implementation
        .loss(tf.tensor4d(predictions, shape), implementation.targetTensor(targets, size, height, width))
        .dataSync()[0] ?? NaN
    );
  });
}

function metricsOf(kind: MapKind, predictions: Float32Array, targets: TargetArray, batch: number): number[] {
  const accumulator = taskKindImplementations[kind].accumulator(taskOf(kind), height, width);
  const size = predictions.length / pixels / channels[kind];
  const part = <Values extends TargetArray>(values: Values, start: number, count: number): Values =>
    values.subarray((values.length / size) * start, (values.length / size) * (start + count)) as Values;
  for (let start = 0; start < size; start += batch) {
    const count = Math.min(batch, size - start);
    accumulator.update(part(predictions, start, count), part(targets, start, count), count);
  }
  const result = accumulator.result();
  return metricsOfKind[kind].map(({ name }) => result[name] ?? NaN);
}

beforeAll(async () => {
  tf.enableProdMode();
  await tf.setBackend('cpu');
});

describe.each(mapKinds)('%s', (kind) => {
  it('has the loss and the metrics of its definition, over the set and not over batches', () => {
    for (const seed of [1, 2, 3]) {
      const predictions = predictionsOf(kind, 5, seed);
      const targets = targetsOf(kind, 5, seed + 10);
      const expected = definitions[kind](predictions, targets);
      expect(lossOf(kind, predictions, targets, 5)).toBeCloseTo(expected.loss, 4);
      for (const batch of [1, 2, 5]) {
        metricsOf(kind, predictions, targets, batch).forEach((value, place) => {
          expect(value).toBeCloseTo(expected.metrics[place] ?? NaN, 6);
        });
      }
    }
  });

  it('has the gradient of finite differences, 0 at pixels that are not valid', () => {
    const targets = targetsOf(kind, 2, 21);
    const predictions = predictionsOf(kind, 2, 22);
    const implementation = taskKindImplementations[kind];
    const gradient = tf.tidy(() => {
      const truth = implementation.targetTensor(targets, 2, height, width);
      const at = tf.tensor4d(predictions, [2, height, width, channels[kind]]);
      return tf
        .grad((output) => implementation.loss(output as tf.Tensor4D, truth))(at)
        .dataSync();
    });
    const step = 1e-3;
    const shifted = (index: number, by: number): number => {
      const moved = Float32Array.from(predictions);
      moved[index] = (moved[index] ?? 0) + by;
      return definitions[kind](moved, targets).loss;
    };
    const numeric = Array.from(predictions, (_, index) => (shifted(index, step) - shifted(index, -step)) / (2 * step));
    numeric.forEach((slope, index) => expect(gradient[index]).toBeCloseTo(slope, 2));
    const largest = Math.max(...numeric.map(Math.abs));
    expect(largest).toBeGreaterThan(0.01);
    expect(numeric.filter((slope) => slope === 0).length).toBeGreaterThanOrEqual(channels[kind]);
    numeric.forEach((slope, index) => {
      if (slope === 0) expect(Math.abs(gradient[index] ?? NaN)).toBe(0);
    });
  });

  it('is 0 and says nothing on a batch without a valid pixel', () => {
    const predictions = predictionsOf(kind, 1, 31);
    const targets = targetsOf(kind, 1, 32).fill(kind === 'segmentation' ? -1 : 0);
    expect(Math.abs(lossOf(kind, predictions, targets, 1))).toBe(0);
    expect(metricsOf(kind, predictions, targets, 1).every(Number.isNaN)).toBe(true);
  });

  it('draws a perfect prediction as it draws the truth', () => {
    const targets = targetsOf(kind, 1, 41);
    const perfect = new Float32Array(pixels * channels[kind]);
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      if (kind === 'segmentation') perfect[4 * pixel + Math.max(0, targets[pixel] ?? 0)] = 5;
      if (kind === 'depth') perfect[pixel] = (targets[pixel] ?? 0) / unit;
      if (kind !== 'instance-vectors') continue;
      for (const place of [0, 1]) perfect[2 * pixel + place] = (targets[3 * pixel + place] ?? 0) / unit;
    }
    const implementation = taskKindImplementations[kind];
    expect(implementation.drawPrediction(perfect, targets, height, width)).toEqual(
      implementation.drawTarget(targets, height, width),
    );
    expect(metricsOf(kind, perfect, targets, 1)[0]).toBeCloseTo(kind === 'segmentation' ? 1 : 0, 5);
  });

  it('draws no error of a perfect prediction, the darker the further it is off, and none where there is no truth', () => {
    const targets = targetsOf(kind, 1, 41);
    const drawn = (offset: number): Uint8Array => {
      const predictions = new Float32Array(pixels * channels[kind]);
      for (let pixel = 0; pixel < pixels; pixel += 1) {
        const truth = Math.max(0, targets[pixel] ?? 0);
        if (kind === 'segmentation') predictions[4 * pixel + ((truth + (offset > 0 ? 1 : 0)) % 4)] = 1 + offset;
        if (kind === 'depth') predictions[pixel] = ((targets[pixel] ?? 0) + offset) / unit;
        if (kind !== 'instance-vectors') continue;
        predictions[2 * pixel] = ((targets[3 * pixel] ?? 0) + offset) / unit;
        predictions[2 * pixel + 1] = (targets[3 * pixel + 1] ?? 0) / unit;
      }
      return taskKindImplementations[kind].drawError?.(predictions, targets, height, width).rgb ?? new Uint8Array();
    };
    const light = (rgb: Uint8Array, pixel: number): number =>
      (rgb[3 * pixel] ?? 0) + (rgb[3 * pixel + 1] ?? 0) + (rgb[3 * pixel + 2] ?? 0);
    const [none, some, more] = [drawn(0), drawn(0.2), drawn(0.4)];
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const hasTruth =
        kind === 'segmentation'
          ? (targets[pixel] ?? -1) >= 0
          : kind === 'depth'
            ? (targets[pixel] ?? 0) > 0
            : targets[3 * pixel + 2] !== 0;
      const shades = [none, some, more].map((rgb) => light(rgb, pixel));
      if (hasTruth) {
        expect(shades[0]).toBe(248 + 247 + 244);
        expect(shades[1]).toBeLessThan(shades[0] ?? 0);
        expect(shades[2]).toBeLessThan(shades[1] ?? 0);
      } else expect(shades).toEqual([384, 384, 384]);
    }
  });

  it('has a trivial baseline that scores what its prediction scores', () => {
    const size = 7;
    const targets = targetsOf(kind, size, 51);
    const dataset: Dataset = {
      length: size,
      batch: (indices) => {
        const each = targets.length / size;
        const parts = Array.from(indices, (index) => [...targets.subarray(index * each, (index + 1) * each)]).flat();
        const own = kind === 'segmentation' ? Int32Array.from(parts) : Float32Array.from(parts);
        return { size: indices.length, images: new Float32Array(), targets: { [kind]: own } };
      },
    };
    const { prediction, metrics } = trivialBaselines[kind](dataset, taskOf(kind));
    const constant = Number(/[\d.]+/.exec(prediction)?.[0] ?? 0);
    const constantly = Float32Array.from({ length: size * pixels * channels[kind] }, (_, index) => {
      if (kind === 'segmentation') return index % 4 === constant ? 1 : 0;
      return kind === 'depth' ? constant / unit : 0;
    });
    const expected = metricsOf(kind, constantly, targets, size);
    metricsOfKind[kind].forEach(({ name }, place) => expect(metrics[name]).toBeCloseTo(expected[place] ?? NaN, 3));
    // No other constant is better.
    const first = metricsOfKind[kind][0];
    for (const other of kind === 'segmentation' ? [0, 1, 2] : [0.5, 1, 2, 3, 4]) {
      const tried = constantly.map((_, index) =>
        kind === 'segmentation' ? Number(index % 4 === other) : other / unit,
      );
      const score = metricsOf(kind, Float32Array.from(tried), targets, size)[0] ?? NaN;
      if (first.better === 'higher') expect(score).toBeLessThanOrEqual((metrics[first.name] ?? NaN) + 1e-3);
      else expect(score).toBeGreaterThanOrEqual((metrics[first.name] ?? NaN) - 1e-3);
    }
  });
});
