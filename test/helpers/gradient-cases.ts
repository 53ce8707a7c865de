import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { batchNormalise, varianceFloor } from '../../services/worker/operations/batch-norm.js';
import { addBias } from '../../services/worker/operations/add-bias.js';
import { convolveWithBias } from '../../services/worker/operations/convolve.js';
import { crossEntropy } from '../../services/worker/operations/cross-entropy.js';
import { depthToSpace, spaceToDepth } from '../../services/worker/operations/rearrange.js';
import { relu } from '../../services/worker/operations/relu.js';

/** An operation, and the same by its definition in float64. */
export interface GradientCase {
  readonly name: string;
  /** Shapes of the inputs that are differentiated. */
  readonly shapes: readonly number[][];
  readonly outputShape: number[];
  readonly operation: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly reference: (...inputs: Float64Array[]) => Float64Array;
}

/** Visits every element of a channels-last image as (value's index, image, row, column, channel). */
function eachPixel(
  [batch, height, width, channels]: readonly [number, number, number, number],
  visit: (index: number, n: number, y: number, x: number, c: number) => void,
): void {
  let index = 0;
  for (let n = 0; n < batch; n += 1)
    for (let y = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1) for (let c = 0; c < channels; c += 1) visit(index++, n, y, x, c);
}

/** The small image's place of each of the large one's elements. */
function blockPlaces(large: readonly [number, number, number, number]): Int32Array {
  const [batch, height, width, channels] = large;
  const places = new Int32Array(batch * height * width * channels);
  eachPixel(large, (index, n, y, x, c) => {
    const block = (n * (height / 2) + (y >> 1)) * (width / 2) + (x >> 1);
    places[index] = (block * 4 + 2 * (y & 1) + (x & 1)) * channels + c;
  });
  return places;
}

function convolution(
  [batch, height, width, from]: readonly [number, number, number, number],
  size: number,
  to: number,
  stride: number,
): GradientCase {
  const [outHeight, outWidth] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  const before = (inside: number, outside: number): number =>
    Math.floor(Math.max(0, (outside - 1) * stride + size - inside) / 2);
  const [top, left] = [before(height, outHeight), before(width, outWidth)];
  return {
    name: `convolution ${size}×${size}, stride ${stride}, ${from} → ${to} channels`,
    shapes: [
      [batch, height, width, from],
      [size, size, from, to],
    ],
    outputShape: [batch, outHeight, outWidth, to],
    operation: (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, 'same'),
    reference: (x, filter) => {
      const output = new Float64Array(batch * outHeight * outWidth * to);
      eachPixel([batch, outHeight, outWidth, to], (index, n, p, q, o) => {
        let sum = 0;
        eachPixel([1, size, size, from], (_, __, i, j, c) => {
          const [y, z] = [p * stride + i - top, q * stride + j - left];
          if (y < 0 || y >= height || z < 0 || z >= width) return;
          const value = x[((n * height + y) * width + z) * from + c] as number;
          sum += value * (filter[((i * size + j) * from + c) * to + o] as number);
        });
        output[index] = sum;
      });
      return output;
    },
  };
}

/** The same with a bias, which is its last input. */
function withBias({ name, shapes, outputShape, reference }: GradientCase, stride: number): GradientCase {
  const channels = outputShape.at(-1) ?? 0;
  return {
    name: `${name}, with bias`,
    shapes: [...shapes, [channels]],
    outputShape,
    operation: (x, filter, bias) =>
      convolveWithBias(x as tf.Tensor4D, filter as tf.Tensor4D, bias as tf.Tensor1D, stride),
    reference: (x, filter, bias) =>
      reference(x, filter).map((value, index) => value + (bias[index % channels] as number)),
  };
}

const image: [number, number, number, number] = [2, 4, 6, 3];
const blocks: [number, number, number, number] = [2, 2, 3, 12];
const labels = [0.25, 0.75, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0];

/** Everything that a training step differentiates and that is this project's own, and the convolutions it uses. */
export const gradientCases: readonly GradientCase[] = [
  {
    name: 'addBias',
    shapes: [image, [3]],
    outputShape: image,
    operation: (x, bias) => addBias(x as tf.Tensor4D, bias as tf.Tensor1D),
    reference: (x, bias) => x.map((value, index) => value + (bias[index % 3] as number)),
  },
  {
    name: 'spaceToDepth',
    shapes: [image],
    outputShape: blocks,
    operation: (x) => spaceToDepth(x as tf.Tensor4D),
    reference: (x) => {
      const output = new Float64Array(x.length);
      blockPlaces(image).forEach((place, index) => (output[place] = x[index] as number));
      return output;
    },
  },
  {
    name: 'depthToSpace',
    shapes: [blocks],
    outputShape: image,
    operation: (x) => depthToSpace(x as tf.Tensor4D),
    reference: (x) => Float64Array.from(blockPlaces(image), (place) => x[place] as number),
  },
  {
    name: 'relu',
    shapes: [image],
    outputShape: image,
    operation: (x) => relu(x as tf.Tensor4D),
    reference: (x) => x.map((value) => Math.max(0, value)),
  },
  {
    name: 'batchNormalise',
    shapes: [image, [3], [3]],
    outputShape: image,
    operation: (x, scale, shift) =>
      batchNormalise(x as tf.Tensor4D, scale as tf.Tensor1D, shift as tf.Tensor1D, () => undefined),
    reference: (x, scale, shift) => {
      const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
      const channels = [0, 1, 2].map((channel) => x.filter((_, index) => index % 3 === channel));
      const means = channels.map(meanOf);
      const variances = channels.map((values, c) => meanOf(values.map((value) => (value - (means[c] as number)) ** 2)));
      return x.map((value, index) => {
        const c = index % 3;
        const normalised = (value - (means[c] as number)) / Math.sqrt((variances[c] as number) + varianceFloor);
        return (scale[c] as number) * normalised + (shift[c] as number);
      });
    },
  },
  {
    name: 'crossEntropy',
    shapes: [[4, 3]],
    outputShape: [4],
    operation: (logits) => crossEntropy(logits as tf.Tensor2D, tf.tensor2d(labels, [4, 3])),
    reference: (logits) =>
      Float64Array.from({ length: 4 }, (_, row) => {
        const sum = [0, 1, 2].reduce((total, c) => total + Math.exp(logits[3 * row + c] as number), 0);
        return [0, 1, 2].reduce(
          (total, c) =>
            total - (labels[3 * row + c] as number) * Math.log(Math.exp(logits[3 * row + c] as number) / sum),
          0,
        );
      }),
  },
  convolution([2, 5, 6, 3], 3, 4, 1),
  convolution([2, 6, 7, 3], 3, 5, 2),
  convolution([1, 8, 8, 4], 3, 3, 2),
  convolution([2, 4, 5, 6], 1, 3, 1),
  withBias(convolution([2, 5, 6, 3], 3, 4, 1), 1),
  withBias(convolution([1, 6, 7, 3], 3, 5, 2), 2),
  withBias(convolution([2, 3, 4, 6], 1, 3, 1), 1),
  // Channels enough for Winograd's algorithm on wasm.
  withBias(convolution([1, 1, 2, 16], 3, 16, 1), 1),
];

/** A fixed sequence in −1 … 1 whose values are exact in float32 and not near 0. */
function numbers(length: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    const value = (state >>> 16) / 65_536;
    return Math.fround((value < 0.5 ? -1 : 1) * (0.1 + 0.9 * Math.abs(2 * value - 1)));
  });
}

/**
 * Compares a case's result on the current backend with its definition, and the gradient of Σ g·result, for a fixed g,
 * with central differences of that in float64.
 */
export async function expectRightGradient(gradientCase: GradientCase): Promise<void> {
  const { name, shapes, outputShape, operation, reference } = gradientCase;
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const inputs = shapes.map((shape, index) => numbers(size(shape), 7 * index + 1));
  const g = numbers(size(outputShape), 99);
  const dot = (): number => reference(...inputs).reduce((sum, value, index) => sum + value * (g[index] as number), 0);
  const before = tf.memory().numTensors;
  const results = tf.tidy(() => {
    const tensors = inputs.map((values, index) => tf.tensor(Float32Array.from(values), shapes[index]));
    const dy = tf.tensor(Float32Array.from(g), outputShape);
    return [operation(...tensors), ...tf.grads((...given: tf.Tensor[]) => operation(...given))(tensors, dy)];
  });
  const [output = [], ...gradients] = await Promise.all(results.map((tensor) => tensor.data()));
  tf.dispose(results);
  expect(tf.memory().numTensors, `${name} left tensors`).toBe(before);
  const expectClose = (found: number | undefined, expected: number, what: string): void => {
    expect(Math.abs((found as number) - expected), what).toBeLessThan(1e-4 * (1 + Math.abs(expected)));
  };
  const step = 1e-3;
  reference(...inputs).forEach((value, index) => expectClose(output[index], value, `${name} at ${index}`));
  inputs.forEach((values, which) => {
    for (let index = 0; index < values.length; index += 1) {
      const original = values[index] as number;
      values[index] = original + step;
      const above = dot();
      values[index] = original - step;
      const below = dot();
      values[index] = original;
      expectClose(gradients[which]?.[index], (above - below) / (2 * step), `gradient ${which} of ${name} at ${index}`);
    }
  });
}
