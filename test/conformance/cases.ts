import * as tf from '@tensorflow/tfjs-core';
import { upsampleNearest } from '../../bench/upsample.js';
import { depthToSpace, spaceToDepth } from '../../services/worker/operations/rearrange.js';
import { depth } from '../../services/worker/workloads/task-kinds/depth.js';
import { instanceVectors } from '../../services/worker/workloads/task-kinds/instance-vectors.js';
import { segmentation } from '../../services/worker/workloads/task-kinds/segmentation.js';
import {
  build,
  combine,
  convolve,
  convolveDepthwise,
  get,
  logSumExp,
  map,
  matMul,
  pool,
  reduceLast,
  reshape,
  resizeBilinear,
  resizeNearest,
  scalar,
  sizeOf,
  sum,
  type Plain,
  type Window,
} from './plain.js';

/** One operation of training, as TensorFlow.js computes it and by definition. */
export interface Case {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly tensors: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly plain: (...inputs: Plain[]) => Plain;
  /** Where the operation is defined; otherwise numbers of both signs, never 0. */
  readonly positive?: boolean;
  /** The operation has no gradient, or none that is used. */
  readonly forwardOnly?: boolean;
}

type Unary = [name: string, tensors: (x: tf.Tensor) => tf.Tensor, plain: (x: number) => number, positive?: boolean];
const unary: Unary[] = [
  ['abs', tf.abs, Math.abs],
  ['exp', tf.exp, Math.exp],
  ['neg', tf.neg, (x) => -x],
  ['relu', tf.relu, (x) => Math.max(0, x)],
  ['leaky relu', (x) => tf.leakyRelu(x, 0.1), (x) => (x > 0 ? x : 0.1 * x)],
  ['elu', tf.elu, (x) => (x > 0 ? x : Math.expm1(x))],
  ['sigmoid', tf.sigmoid, (x) => 1 / (1 + Math.exp(-x))],
  ['softplus', tf.softplus, (x) => Math.log1p(Math.exp(x))],
  ['tanh', tf.tanh, Math.tanh],
  ['square', tf.square, (x) => x * x],
  ['clip', (x) => tf.clipByValue(x, -0.5, 0.4), (x) => Math.min(0.4, Math.max(-0.5, x))],
  ['log', tf.log, Math.log, true],
  ['log of 1 more', tf.log1p, Math.log1p, true],
  ['square root', tf.sqrt, Math.sqrt, true],
  ['reciprocal', tf.reciprocal, (x) => 1 / x, true],
  ['reciprocal square root', tf.rsqrt, (x) => 1 / Math.sqrt(x), true],
];

type Binary = [
  name: string,
  tensors: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  plain: (a: number, b: number) => number,
  positive?: boolean,
];
const binary: Binary[] = [
  ['add', tf.add, (a, b) => a + b],
  ['subtract', tf.sub, (a, b) => a - b],
  ['multiply', tf.mul, (a, b) => a * b],
  ['divide', tf.div, (a, b) => a / b, true],
  ['power', tf.pow, (a, b) => a ** b, true],
  ['maximum', tf.maximum, Math.max],
  ['minimum', tf.minimum, Math.min],
  ['squared difference', tf.squaredDifference, (a, b) => (a - b) ** 2],
];
/** Alike, a bias on channels, a weight on a whole vector, and a vector beside a column. */
const broadcasts = [
  [
    [2, 3, 4],
    [2, 3, 4],
  ],
  [[2, 3, 2, 5], [5]],
  [[7], []],
  [
    [3, 1],
    [1, 4],
  ],
];

const windows: { shape: [number, number, number, number]; filters: number; window: Window }[] = [
  { shape: [2, 6, 8, 3], filters: 4, window: { size: 3, stride: 1, pad: 'same' } },
  { shape: [2, 8, 6, 4], filters: 3, window: { size: 3, stride: 2, pad: 'same' } },
  { shape: [1, 7, 5, 8], filters: 4, window: { size: 3, stride: 2, pad: 'same' } },
  { shape: [2, 4, 4, 5], filters: 7, window: { size: 1, stride: 1, pad: 'same' } },
  { shape: [1, 6, 6, 2], filters: 2, window: { size: 2, stride: 2, pad: 'valid' } },
  { shape: [1, 7, 7, 1], filters: 1, window: { size: 3, stride: 1, pad: 'valid' } },
  // Channels enough for Winograd's algorithm on wasm.
  { shape: [1, 2, 3, 16], filters: 16, window: { size: 3, stride: 1, pad: 'same' } },
];
const describeWindow = ({ size, stride, dilation = 1, pad }: Window): string =>
  `${size}×${size}, stride ${stride}${dilation > 1 ? `, dilation ${dilation}` : ''}, ${pad}`;

const [batch, height, width, classes] = [2, 2, 3, 4];
/** Class of each pixel; one is ignored. */
const labels = [0, 3, 1, -1, 2, 2, 1, 0, 3, 3, 2, 1];
/** Inverse depth of each pixel; 0 is unknown. */
const depths = [0.5, 0, 1.5, 2, 0.25, 0, 3, 1, 2.5, 0.75, 0, 1.25];
/** Vector and validity of each pixel. */
const vectors = depths.map((value, i) => [value - 1, (i % 5) / 4, i % 3 === 0 ? 0 : 1]);
const rowOf = ([n = 0, y = 0, x = 0]: readonly number[]): number => (n * height + y) * width + x;

function crossEntropy(predictions: Plain): Plain {
  const rows = reduceLast(predictions, logSumExp);
  const counted = labels.filter((label) => label >= 0).length;
  const losses = labels.map((label, row) =>
    label < 0 ? 0 : (rows.values[row] as number) - (predictions.values[row * classes + label] as number),
  );
  return scalar(sum(Float64Array.from(losses)) / counted);
}

/** Mean over the valid pixels' components; predictions are in units of 1/64 of the width. */
function regression(
  predictions: Plain,
  power: 1 | 2,
  target: (row: number, channel: number) => number | undefined,
): Plain {
  const errors: number[] = [];
  build(predictions.shape, (index) => {
    const truth = target(rowOf(index), index[3] ?? 0);
    if (truth !== undefined) errors.push(Math.abs(get(predictions, index) - truth / (width / 64)) ** power);
    return 0;
  });
  return scalar(sum(Float64Array.from(errors)) / errors.length);
}

const lossCases: Case[] = [
  {
    name: 'loss of segmentation',
    shapes: [[batch, height, width, classes]],
    tensors: (x) => segmentation.loss(x as tf.Tensor4D, tf.tensor3d(labels, [batch, height, width], 'int32')),
    plain: crossEntropy,
  },
  ...(['absolute', 'squared'] as const).flatMap((error): Case[] => [
    {
      name: `loss of depth, ${error}`,
      shapes: [[batch, height, width, 1]],
      tensors: (x) => depth.loss(x as tf.Tensor4D, tf.tensor4d(depths, [batch, height, width, 1]), error),
      plain: (x) => regression(x, error === 'absolute' ? 1 : 2, (row) => depths[row] || undefined),
    },
    {
      name: `loss of instance vectors, ${error}`,
      shapes: [[batch, height, width, 2]],
      tensors: (x) =>
        instanceVectors.loss(x as tf.Tensor4D, tf.tensor4d(vectors.flat(), [batch, height, width, 3]), error),
      plain: (x) =>
        regression(x, error === 'absolute' ? 1 : 2, (row, channel) =>
          vectors[row]?.[2] === 0 ? undefined : vectors[row]?.[channel],
        ),
    },
  ]),
];

const shapeCases: Case[] = [
  {
    name: 'transpose',
    shapes: [[2, 3, 4]],
    tensors: (x) => tf.transpose(x, [0, 2, 1]),
    plain: (x) => build([2, 4, 3], ([a = 0, b = 0, c = 0]) => get(x, [a, c, b])),
  },
  {
    name: 'slice',
    shapes: [[5, 6]],
    tensors: (x) => tf.slice(x, [1, 2], [3, 3]),
    plain: (x) => build([3, 3], ([a = 0, b = 0]) => get(x, [a + 1, b + 2])),
  },
  {
    name: 'pad',
    shapes: [[2, 3]],
    tensors: (x) =>
      tf.pad(x, [
        [1, 2],
        [0, 1],
      ]),
    plain: (x) => build([5, 4], ([a = 0, b = 0]) => (a < 1 || a > 2 || b > 2 ? 0 : get(x, [a - 1, b]))),
  },
  {
    name: 'concatenate vectors',
    shapes: [[3], [5], [2]],
    tensors: (...parts) => tf.concat(parts),
    plain: (...parts) => ({ shape: [10], values: Float64Array.from(parts.flatMap(({ values }) => [...values])) }),
  },
  {
    name: 'concatenate channels',
    shapes: [
      [2, 3, 2],
      [2, 3, 4],
    ],
    tensors: (...parts) => tf.concat(parts, 2),
    plain: (a, b) => build([2, 3, 6], ([i = 0, j = 0, c = 0]) => (c < 2 ? get(a, [i, j, c]) : get(b, [i, j, c - 2]))),
  },
  {
    name: 'stack',
    shapes: [[], [], []],
    tensors: (...parts) => tf.stack(parts),
    plain: (...parts) => ({ shape: [3], values: Float64Array.from(parts.map(({ values }) => values[0] as number)) }),
  },
  {
    name: 'expand, cast and copy',
    shapes: [[3, 2]],
    tensors: (x) => tf.clone(tf.cast(tf.expandDims(x, 1), 'float32')),
    plain: (x) => reshape(x, [3, 1, 2]),
  },
  {
    name: 'tile',
    shapes: [[2, 3]],
    tensors: (x) => tf.tile(x, [2, 2]),
    plain: (x) => build([4, 6], ([a = 0, b = 0]) => get(x, [a % 2, b % 3])),
  },
  {
    name: 'blocks of pixels into channels',
    shapes: [[2, 4, 6, 3]],
    tensors: (x) => spaceToDepth(x as tf.Tensor4D),
    plain: (x) =>
      build([2, 2, 3, 12], ([n = 0, p = 0, q = 0, c = 0]) =>
        get(x, [n, 2 * p + Math.floor(c / 6), 2 * q + (Math.floor(c / 3) % 2), c % 3]),
      ),
  },
  {
    name: 'channels into blocks of pixels',
    shapes: [[2, 2, 3, 8]],
    tensors: (x) => depthToSpace(x as tf.Tensor4D),
    plain: (x) =>
      build([2, 4, 6, 2], ([n = 0, p = 0, q = 0, c = 0]) =>
        get(x, [n, Math.floor(p / 2), Math.floor(q / 2), 4 * (p % 2) + 2 * (q % 2) + c]),
      ),
  },
  {
    name: 'gather rows, some twice',
    shapes: [[4, 3]],
    tensors: (x) => tf.gather(x, tf.tensor1d([2, 0, 2], 'int32')),
    plain: (x) => build([3, 3], ([a = 0, b = 0]) => get(x, [[2, 0, 2][a] as number, b])),
  },
];

const reductionCases: Case[] = [
  { name: 'sum of all', shapes: [[5, 7]], tensors: (x) => tf.sum(x), plain: (x) => scalar(sum(x.values)) },
  {
    name: 'sum of more numbers than one workgroup takes',
    shapes: [[3001]],
    // Divided, because the rounding of a sum grows with the numbers in it.
    tensors: (x) => tf.div(tf.sum(x), 50),
    plain: (x) => scalar(sum(x.values) / 50),
  },
  { name: 'sum of rows', shapes: [[5, 7]], tensors: (x) => tf.sum(x, 1), plain: (x) => reduceLast(x, sum) },
  {
    name: 'mean of rows',
    shapes: [[4, 6]],
    tensors: (x) => tf.mean(x, 1),
    plain: (x) => reduceLast(x, (row) => sum(row) / row.length),
  },
  {
    name: 'largest of rows',
    shapes: [[5, 6]],
    tensors: (x) => tf.max(x, 1),
    plain: (x) => reduceLast(x, (row) => Math.max(...row)),
  },
  {
    name: 'log of a sum of exponentials',
    shapes: [[3, 5]],
    tensors: (x) => tf.logSumExp(x, 1),
    plain: (x) => reduceLast(x, logSumExp),
  },
  {
    name: 'softmax',
    shapes: [[3, 5]],
    tensors: (x) => tf.softmax(x),
    plain: (x) => {
      const logs = reduceLast(x, logSumExp);
      return build(x.shape, ([a = 0, b = 0]) => Math.exp(get(x, [a, b]) - get(logs, [a])));
    },
  },
  {
    name: 'log softmax',
    shapes: [[3, 5]],
    tensors: (x) => tf.logSoftmax(x),
    plain: (x) => {
      const logs = reduceLast(x, logSumExp);
      return build(x.shape, ([a = 0, b = 0]) => get(x, [a, b]) - get(logs, [a]));
    },
  },
  {
    name: 'sum of several',
    shapes: [[3], [3], [3]],
    tensors: (...parts) => tf.addN(parts),
    plain: (...parts) => parts.reduce((a, b) => combine(a, b, (x, y) => x + y)),
  },
  {
    name: 'length of a vector',
    shapes: [[6]],
    tensors: (x) => tf.norm(x),
    plain: (x) => scalar(Math.hypot(...x.values)),
  },
  {
    name: 'matrix product',
    shapes: [
      [5, 6],
      [6, 3],
    ],
    tensors: (a, b) => tf.matMul(a, b),
    plain: matMul,
  },
];

const choiceCases: Case[] = [
  {
    name: 'comparisons, step, ones and one-hot rows',
    shapes: [[6]],
    forwardOnly: true,
    tensors: (x) =>
      tf.concat([
        tf.cast(tf.greater(x, 0), 'float32'),
        tf.cast(tf.greaterEqual(x, 0.25), 'float32'),
        tf.step(x),
        tf.onesLike(x),
        tf.reshape(tf.cast(tf.oneHot(tf.tensor1d([1, 0], 'int32'), 3), 'float32'), [6]),
      ]),
    plain: ({ values }) => ({
      shape: [30],
      values: Float64Array.from([
        ...values.map((x) => (x > 0 ? 1 : 0)),
        ...values.map((x) => (x >= 0.25 ? 1 : 0)),
        ...values.map((x) => (x > 0 ? 1 : 0)),
        ...values.map(() => 1),
        ...[0, 1, 0, 1, 0, 0],
      ]),
    }),
  },
];

const imageCases: Case[] = [
  ...windows.flatMap(({ shape, filters, window }): Case[] => [
    {
      name: `convolution ${describeWindow(window)}, ${shape[3]} → ${filters} channels`,
      shapes: [shape, [window.size, window.size, shape[3], filters]],
      tensors: (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, window.stride, window.pad),
      plain: (x, filter) => convolve(x, filter, window),
    },
    {
      name: `max pooling ${describeWindow(window)}, ${shape[3]} channels`,
      shapes: [shape],
      tensors: (x) => tf.maxPool(x as tf.Tensor4D, window.size, window.stride, window.pad),
      plain: (x) => pool(x, window, 'max'),
    },
    {
      name: `max pooling after a ReLU ${describeWindow(window)}, ${shape[3]} channels`,
      shapes: [shape],
      tensors: (x) => tf.maxPool(tf.relu(x) as tf.Tensor4D, window.size, window.stride, window.pad),
      plain: (x) =>
        pool(
          map(x, (value) => Math.max(0, value)),
          window,
          'max',
        ),
    },
    {
      name: `mean pooling ${describeWindow(window)}, ${shape[3]} channels`,
      shapes: [shape],
      tensors: (x) => tf.avgPool(x as tf.Tensor4D, window.size, window.stride, window.pad),
      plain: (x) => pool(x, window, 'mean'),
    },
  ]),
  ...(
    [
      { size: 3, stride: 1, dilation: 2, pad: 'same' },
      { size: 3, stride: 1, pad: 'same' },
      { size: 3, stride: 2, pad: 'same' },
    ] as Window[]
  ).map((window): Case => ({
    name: `depthwise convolution ${describeWindow(window)}`,
    shapes: [
      [2, 6, 5, 3],
      [3, 3, 3, 2],
    ],
    tensors: (x, filter) =>
      tf.depthwiseConv2d(
        x as tf.Tensor4D,
        filter as tf.Tensor4D,
        window.stride,
        window.pad,
        'NHWC',
        window.dilation ?? 1,
      ),
    // TensorFlow.js has no gradient of a dilated one.
    forwardOnly: window.dilation !== undefined,
    plain: (x, filter) => convolveDepthwise(x, filter, window),
  })),
  {
    name: 'dilated convolution',
    shapes: [
      [1, 7, 6, 3],
      [3, 3, 3, 4],
    ],
    forwardOnly: true,
    tensors: (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same', 'NHWC', 2),
    plain: (x, filter) => convolve(x, filter, { size: 3, stride: 1, dilation: 2, pad: 'same' }),
  },
  ...(
    [
      [2, 3, 4, 6],
      [2, 3, 5, 7],
      [4, 6, 2, 3],
      [3, 3, 12, 12],
    ] as const
  ).flatMap(([fromHeight, fromWidth, toHeight, toWidth]): Case[] => [
    {
      name: `nearest-neighbour resizing ${fromHeight}×${fromWidth} → ${toHeight}×${toWidth}`,
      shapes: [[2, fromHeight, fromWidth, 2]],
      tensors: (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [toHeight, toWidth]),
      plain: (x) => resizeNearest(x, toHeight, toWidth),
    },
    {
      name: `bilinear resizing ${fromHeight}×${fromWidth} → ${toHeight}×${toWidth}`,
      shapes: [[2, fromHeight, fromWidth, 2]],
      tensors: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [toHeight, toWidth]),
      plain: (x) => resizeBilinear(x, toHeight, toWidth),
    },
  ]),
  {
    name: 'upsampling by repetition',
    shapes: [[2, 2, 3, 2]],
    tensors: (x) => upsampleNearest(x as tf.Tensor4D, 3),
    plain: (x) => resizeNearest(x, 6, 9),
  },
];

const elementwiseCases: Case[] = [
  ...unary.map(([name, tensors, plain, positive = false]): Case => ({
    name,
    shapes: [[3, 7]],
    tensors,
    plain: (x) => map(x, plain),
    positive,
  })),
  ...binary.flatMap(([name, tensors, plain, positive = false]) =>
    // TensorFlow.js's own gradient of these does not add up what broadcasting repeated; training uses it on like shapes.
    (['maximum', 'minimum', 'squared difference'].includes(name) ? broadcasts.slice(0, 1) : broadcasts).map(
      (shapes): Case => ({
        name: `${name} ${shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ')}`,
        shapes,
        tensors: (a, b) => tensors(a, b),
        plain: (a, b) => combine(a, b, plain),
        positive,
      }),
    ),
  ),
];

export const cases: readonly Case[] = [
  ...elementwiseCases,
  ...shapeCases,
  ...reductionCases,
  ...choiceCases,
  ...imageCases,
  ...lossCases,
];

/** A case's inputs: numbers of which no two are alike and none is 0, rounded to single precision. */
export function inputsOf({ shapes, positive = false }: Case): Plain[] {
  let state = 17;
  const all = shapes.reduce((total, shape) => total + sizeOf(shape), 0);
  const places = Array.from({ length: all }, (_, i) => i);
  for (let i = all - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [places[i], places[j]] = [places[j] as number, places[i] as number];
  }
  const numbers = places.map((place) =>
    Math.fround((positive ? 0.2 : -1) + ((positive ? 1 : 2) * (place + 0.4)) / all),
  );
  let taken = 0;
  return shapes.map((shape) => {
    const values = Float64Array.from(numbers.slice(taken, taken + sizeOf(shape)));
    taken += values.length;
    return { shape, values };
  });
}
