/**
 * Milliseconds of one training step of a reference network: batch 8 of 64×128×3, five 3×3 convolutions
 * 3→32→64→96→96→96 (the first three with stride 2), three heads (3×3 to 48, ×4 nearest upsampling, 3×3 to 8, 2 and 1
 * channels), Adam. About 3.1 GFLOP.
 *
 * By itself: `node dist/bench/training-step.js --backend wasm`.
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { openBackend, parseBackendRequest } from '../services/worker/backends/choose.js';
import { wasmTrainingKernels } from '../services/worker/backends/kernels/registry.js';
import { replacedKernel } from '../services/worker/backends/kernels/replaced.js';
import { upsampleNearest } from './upsample.js';
import '../services/worker/trainer/register-gradients.js';
import type { BenchRecord } from './record.js';

/** What one writes first: the input's part under each filter place, sliced out and multiplied with the gradient. */
const slicedFilterGradient: tf.KernelConfig = {
  kernelName: 'Conv2DBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs }) =>
    tf.tidy(() => {
      const { strides, pad, filterShape } = attrs as unknown as {
        strides: [number, number];
        pad: 'same';
        filterShape: [number, number, number, number];
      };
      const [x, dy] = [inputs.x, inputs.dy] as [tf.Tensor4D, tf.Tensor4D];
      const { padInfo, strideHeight, strideWidth } = tf.backend_util.computeConv2DInfo(
        x.shape,
        filterShape,
        strides,
        1,
        pad,
      );
      const [height, width, inChannels, outChannels] = filterShape;
      const [, outHeight, outWidth] = dy.shape;
      const padded = tf.pad(x, [
        [0, 0],
        [padInfo.top, padInfo.bottom],
        [padInfo.left, padInfo.right],
        [0, 0],
      ]);
      const rows = tf.reshape(dy, [-1, outChannels]);
      const places = Array.from({ length: height * width }, (_, place) => {
        const [i, j] = [Math.floor(place / width), place % width];
        const end = [
          x.shape[0],
          i + (outHeight - 1) * strideHeight + 1,
          j + (outWidth - 1) * strideWidth + 1,
          inChannels,
        ];
        const part = tf.stridedSlice(padded, [0, i, j, 0], end, [1, strideHeight, strideWidth, 1]);
        return tf.matMul(tf.reshape(part, [-1, inChannels]), rows, true, false);
      });
      return tf.reshape(tf.stack(places), filterShape);
    }),
};

const encoder = [
  { from: 3, to: 32, stride: 2 },
  { from: 32, to: 64, stride: 2 },
  { from: 64, to: 96, stride: 2 },
  { from: 96, to: 96, stride: 1 },
  { from: 96, to: 96, stride: 1 },
] as const;
const headOutputs = [8, 2, 1] as const;
const headChannels = 48;
const warmUpSteps = 3;
const measuredSteps = 15;

interface Network {
  readonly filters: readonly tf.Variable<tf.Rank.R4>[];
  readonly images: tf.Tensor4D;
  readonly targets: readonly tf.Tensor4D[];
}

function filter(from: number, to: number, seed: number): tf.Variable<tf.Rank.R4> {
  return tf.variable(tf.randomNormal<tf.Rank.R4>([3, 3, from, to], 0, Math.sqrt(2 / (9 * from)), 'float32', seed));
}

function createNetwork(): Network {
  return {
    filters: [
      ...encoder.map(({ from, to }, i) => filter(from, to, i)),
      ...headOutputs.flatMap((channels, i) => [
        filter(96, headChannels, 10 + i),
        filter(headChannels, channels, 20 + i),
      ]),
    ],
    images: tf.randomNormal([8, 64, 128, 3], 0, 1, 'float32', 30),
    targets: headOutputs.map((channels, i) => tf.randomNormal([8, 32, 64, channels], 0, 1, 'float32', 40 + i)),
  };
}

function loss({ filters, images, targets }: Network): tf.Scalar {
  const at = (i: number): tf.Tensor4D => filters[i] as tf.Tensor4D;
  const features = encoder.reduce<tf.Tensor4D>(
    (x, { stride }, i) => tf.relu(tf.conv2d(x, at(i), stride, 'same')),
    images,
  );
  const losses = targets.map((target, i) => {
    const hidden = tf.relu(tf.conv2d(features, at(encoder.length + 2 * i), 1, 'same'));
    const output = tf.conv2d(upsampleNearest(hidden, 4), at(encoder.length + 2 * i + 1), 1, 'same');
    return tf.mean<tf.Scalar>(tf.squaredDifference(output, target));
  });
  return tf.addN(losses);
}

/** Median milliseconds of a step, read to the end: the loss is fetched, so that no work is still under way. */
function measureStep(network: Network, steps: number): number {
  const optimizer = tf.train.adam(0.001);
  const times: number[] = [];
  for (let step = 0; step < warmUpSteps + steps; step += 1) {
    const started = performance.now();
    const value = optimizer.minimize(() => loss(network), true, [...network.filters]);
    value?.dataSync();
    value?.dispose();
    times.push(performance.now() - started);
  }
  optimizer.dispose();
  const sorted = times.slice(warmUpSteps).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

/** The reference network's step on the open backend, each call one step read to the end. */
export function openMiddleStep(): { run(): void } {
  const network = createNetwork();
  const optimizer = tf.train.adam(0.001);
  return {
    run: () => {
      const value = optimizer.minimize(() => loss(network), true, [...network.filters]);
      value?.dataSync();
      value?.dispose();
    },
  };
}

/** Runs `body` with other wasm kernels in the place of this project's. */
function withKernels<T>(kernels: readonly tf.KernelConfig[], body: () => T): T {
  const put = (kernel: tf.KernelConfig): void => {
    tf.unregisterKernel(kernel.kernelName, kernel.backendName);
    tf.registerKernel(kernel);
    kernel.setupFunc?.(tf.backend());
  };
  kernels.forEach(put);
  try {
    return body();
  } finally {
    const names = new Set(kernels.map(({ kernelName }) => kernelName));
    wasmTrainingKernels.filter(({ kernelName }) => names.has(kernelName)).forEach(put);
  }
}

/** Measures on the backend named, and on wasm beside the plain alternatives. */
export async function measure(requested: string): Promise<BenchRecord[]> {
  const opened = await openBackend(parseBackendRequest(requested));
  const network = createNetwork();
  const own = measureStep(network, measuredSteps);
  const records: BenchRecord[] = [
    { name: `training step, ${opened.backend}`, value: own, unit: 'ms', comparedWith: opened.device },
  ];
  if (opened.backend !== 'wasm') return records;
  const alternatives = [
    { name: "TensorFlow.js's own forward convolution", kernels: [replacedKernel('Conv2D')] },
    { name: 'filter gradient by slices and matMul', kernels: [slicedFilterGradient] },
    {
      name: "TensorFlow.js's own input gradient, filter gradient by slices",
      kernels: [slicedFilterGradient, replacedKernel('Conv2DBackpropInput')],
    },
  ];
  for (const { name, kernels } of alternatives) {
    const other = withKernels(kernels, () => measureStep(network, 5));
    records.push({
      name: `training step, wasm: ${name}, over ours`,
      value: other / own,
      unit: '×',
      comparedWith: `${other.toFixed(0)} ms against ${own.toFixed(0)} ms, measured one after the other`,
    });
  }
  return records;
}

/** The benchmark as bench/record.ts runs it. */
export async function run(): Promise<BenchRecord[]> {
  return measure('wasm');
}

if (process.argv[1]?.endsWith('training-step.js') === true) {
  const { values } = parseArgs({ options: { backend: { type: 'string', default: 'wasm' } } });
  process.stdout.write(`${JSON.stringify(await measure(values.backend), undefined, 2)}\n`);
}
