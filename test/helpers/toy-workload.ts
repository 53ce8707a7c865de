import * as tf from '@tensorflow/tfjs-core';
import { taskKinds, type TaskKind } from '../../services/shared/catalog/metrics.js';
import { trialConfig, type TrialConfig } from '../../services/shared/trial-config.js';
import type {
  Batch,
  Dataset,
  OpenWorkload,
  Picture,
  TargetArray,
  TaskKindImplementation,
} from '../../services/worker/workloads/workload.js';
import { mix } from '../../services/worker/trainer/random.js';
import type { TaskKinds } from '../../services/worker/trainer/trial.js';

/**
 * A workload small enough for the pure JavaScript backend: images of 8 × 8 pixels, four blocks of one colour each;
 * `semantic` tells whether red is above green, `depth` is the blue channel.
 */
const [height, width] = [8, 8];
const pixels = height * width;

/** The third argument of every call of a toy regression loss. */
export const lossCalls: unknown[] = [];

function pictureOf(values: ArrayLike<number>): Picture {
  return {
    width,
    height,
    rgb: Uint8Array.from({ length: pixels * 3 }, (_, index) => 255 * (values[Math.floor(index / 3)] ?? 0)),
  };
}

const segmentation: TaskKindImplementation = {
  kind: 'segmentation',
  likelihood: 'classification',
  targetTensor: (targets, size) =>
    tf.reshape(tf.oneHot(tf.tensor1d(Int32Array.from(targets), 'int32'), 2), [size, height, width, 2]),
  loss: (predictions, targets) =>
    tf.mean(tf.sub(tf.logSumExp(predictions, 3), tf.sum(tf.mul(predictions, targets), 3))),
  accumulator: () => {
    let [right, all] = [0, 0];
    return {
      update: (predictions, targets) => {
        targets.forEach((label, index) => {
          const predicted = (predictions[2 * index + 1] ?? 0) > (predictions[2 * index] ?? 0) ? 1 : 0;
          right += predicted === label ? 1 : 0;
          all += 1;
        });
      },
      result: () => ({ pixelAccuracy: right / all }),
    };
  },
  drawTarget: pictureOf,
  drawPrediction: (prediction) => pictureOf(Array.from({ length: pixels }, (_, index) => prediction[2 * index] ?? 0)),
};

const depth: TaskKindImplementation = {
  kind: 'depth',
  likelihood: 'regression',
  targetTensor: (targets, size) => tf.tensor4d(Float32Array.from(targets), [size, height, width, 1]),
  loss: (predictions, targets, error) => {
    lossCalls.push(error);
    return tf.mean(tf.abs(tf.sub(predictions, targets)));
  },
  accumulator: () => {
    let [sum, all] = [0, 0];
    return {
      update: (predictions, targets) => {
        predictions.forEach((predicted, index) => {
          sum += Math.abs(predicted - (targets[index] ?? 0));
          all += 1;
        });
      },
      // Of targets that are not a number nothing is known; a metric says nothing rather than that.
      result: () => (Number.isFinite(sum) ? { meanError: sum / all } : {}),
    };
  },
  drawTarget: pictureOf,
  drawPrediction: pictureOf,
};

export const toyKinds: TaskKinds = {
  ...(Object.fromEntries(taskKinds.map((kind) => [kind, depth])) as Record<TaskKind, TaskKindImplementation>),
  segmentation,
};

function dataset(length: number, seed: number, scale: number): Dataset {
  const image = (sample: number): number[] =>
    Array.from({ length: pixels * 3 }, (_, index) => {
      const pixel = Math.floor(index / 3);
      const block = 2 * Math.floor(pixel / width / 4) + Math.floor((pixel % width) / 4);
      return mix(mix(seed, sample), 3 * block + (index % 3)) / 2 ** 32;
    });
  const target = (task: string, values: readonly number[]): number[] =>
    Array.from({ length: pixels }, (_, pixel) => {
      const [red = 0, green = 0, blue = 0] = values.slice(3 * pixel, 3 * pixel + 3);
      return task === 'depth' ? blue * scale : Number(red > green);
    });
  return {
    length,
    batch: (indices, tasks): Batch => {
      const images = Array.from(indices, image);
      const targetsOf = (task: string): TargetArray => {
        const values = images.flatMap((values) => target(task, values));
        return task === 'depth' ? Float32Array.from(values) : Int32Array.from(values);
      };
      return {
        size: images.length,
        images: Float32Array.from(images.flat()),
        targets: Object.fromEntries(tasks.map((task) => [task, targetsOf(task)])),
      };
    },
  };
}

/** @param scale factor on the depths; NaN makes training diverge */
export function toyWorkload(trainSize: number, scale = 1): OpenWorkload {
  return {
    height,
    width,
    channels: 3,
    tasks: [
      {
        name: 'semantic',
        kind: 'segmentation',
        label: 'Class',
        output: 'map',
        outputChannels: 2,
        channelNames: ['no', 'yes'],
      },
      { name: 'depth', kind: 'depth', label: 'Depth', output: 'map', outputChannels: 1, channelNames: ['depth'] },
    ],
    splits: {
      train: dataset(trainSize, 1, scale),
      validation: dataset(5, 2, scale),
      test: dataset(5, 3, scale),
    },
  };
}

/** A trial of the toy workload, of a network that the pure JavaScript backend trains in moments. */
export function toyTrial(changes: Record<string, unknown> = {}): TrialConfig {
  return trialConfig.parse({
    version: 1,
    workload: 'street-scenes',
    data: {},
    tasks: ['semantic', 'depth'],
    weighting: { method: 'uncertainty' },
    model: { name: 'hard-sharing', encoder: [4, 8], head: 4 },
    optimizer: { name: 'adam', learningRate: 0.02 },
    epochs: 3,
    batchSize: 4,
    seed: 7,
    limits: { parameters: 100_000, stallSeconds: 60 },
    ...changes,
  });
}
