import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BackendRequest } from '../../services/shared/trial-config.js';
import { openBackend } from '../../services/worker/backends/choose.js';
import { upsampleNearest } from '../../bench/upsample.js';

/** Distinct values, at least 1/size apart, so that a step of 1/8 of that changes no maximum. */
function shuffled(size: number, seed: number): Float64Array {
  const values = Float64Array.from({ length: size }, (_, i) => i / size);
  let state = seed;
  for (let i = size - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [values[i], values[j]] = [values[j] as number, values[i] as number];
  }
  return values;
}

/** Central finite differences of f, in float64, at every place. */
function derivatives(x: Float64Array, f: (x: Float64Array) => number): number[] {
  const step = 1 / (8 * x.length);
  return Array.from(x, (value, place) => {
    x[place] = value + step;
    const above = f(x);
    x[place] = value - step;
    const below = f(x);
    x[place] = value;
    return (above - below) / (2 * step);
  });
}

function largestDifference(found: ArrayLike<number>, expected: readonly number[]): number {
  return Math.max(...expected.map((value, i) => Math.abs(value - (found[i] as number))));
}

function runKernel(name: string, inputs: tf.NamedTensorMap, attributes: object): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap);
}

interface PoolCase {
  shape: [number, number, number, number];
  size: number;
  stride: number;
  pad: 'same' | 'valid';
}

/** Σ g · pool(x), by definition: windows are cut off at the border. */
function weightedPool(
  { shape, size, stride, pad }: PoolCase,
  kind: 'max' | 'avg',
  x: Float64Array,
  g: Float64Array,
): number {
  const [batch, height, width, channels] = shape;
  const out = (n: number): number => (pad === 'same' ? Math.ceil(n / stride) : Math.floor((n - size) / stride) + 1);
  const before = (n: number): number =>
    pad === 'same' ? Math.floor(Math.max(0, (out(n) - 1) * stride + size - n) / 2) : 0;
  let sum = 0;
  let at = 0;
  for (let n = 0; n < batch; n += 1)
    for (let p = 0; p < out(height); p += 1)
      for (let q = 0; q < out(width); q += 1)
        for (let c = 0; c < channels; c += 1, at += 1) {
          const seen: number[] = [];
          for (let i = 0; i < size; i += 1)
            for (let j = 0; j < size; j += 1) {
              const [y, z] = [p * stride + i - before(height), q * stride + j - before(width)];
              if (y < 0 || y >= height || z < 0 || z >= width) continue;
              seen.push(x[((n * height + y) * width + z) * channels + c] as number);
            }
          const value = kind === 'max' ? Math.max(...seen) : seen.reduce((a, b) => a + b) / seen.length;
          sum += value * (g[at] as number);
        }
  return sum;
}

const poolCases: PoolCase[] = [
  { shape: [2, 6, 8, 3], size: 2, stride: 2, pad: 'valid' },
  { shape: [1, 7, 5, 1], size: 3, stride: 2, pad: 'same' },
  { shape: [2, 5, 7, 2], size: 3, stride: 1, pad: 'same' },
  { shape: [1, 9, 6, 4], size: 3, stride: 3, pad: 'valid' },
  { shape: [1, 6, 6, 2], size: 3, stride: 2, pad: 'same' },
];

describe('gradients of pooling and resizing on wasm', () => {
  beforeAll(async () => {
    await openBackend('wasm');
  });

  it.each(poolCases)('agree with finite differences: $shape, window $size, stride $stride, $pad', async (c) => {
    const x = shuffled(
      c.shape.reduce((a, b) => a * b),
      5,
    );
    const input = tf.tensor4d(Float32Array.from(x), c.shape);
    const attributes = { filterSize: [c.size, c.size], strides: [c.stride, c.stride], pad: c.pad };
    const maximum = tf.maxPool(input, c.size, c.stride, c.pad);
    const g = shuffled(maximum.size, 6);
    const dy = tf.tensor4d(Float32Array.from(g), maximum.shape);
    const before = tf.memory().numTensors;
    const ofMaximum = runKernel('MaxPoolGrad', { dy, input, output: maximum }, attributes);
    const ofMean = runKernel('AvgPoolGrad', { dy, input }, attributes);
    const expectedMax = derivatives(x, (values) => weightedPool(c, 'max', values, g));
    const expectedMean = derivatives(x, (values) => weightedPool(c, 'avg', values, g));
    expect(largestDifference(await ofMaximum.data(), expectedMax)).toBeLessThan(1e-5);
    expect(largestDifference(await ofMean.data(), expectedMean)).toBeLessThan(1e-5);
    tf.dispose([ofMaximum, ofMean]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([input, maximum, dy]);
  });

  it('give the first of equal values the whole gradient, also where all are 0', async () => {
    const input = tf.zeros<tf.Rank.R4>([1, 2, 4, 1]);
    const dy = tf.tensor4d([3, 5], [1, 1, 2, 1]);
    const attributes = { filterSize: [2, 2], strides: [2, 2], pad: 'valid' };
    const gradient = runKernel('MaxPoolGrad', { dy, input }, attributes);
    expect(Array.from(await gradient.data())).toEqual([3, 0, 5, 0, 0, 0, 0, 0]);
    tf.dispose([input, dy, gradient]);
  });

  it.each([
    { from: [2, 3], to: [5, 7] },
    { from: [4, 6], to: [3, 4] },
    { from: [3, 3], to: [12, 12] },
  ] as { from: [number, number]; to: [number, number] }[])('resize $from to $to by adding up', async ({ from, to }) => {
    const images = tf.zeros<tf.Rank.R4>([1, from[0], from[1], 1]);
    const g = shuffled(to[0] * to[1], 9);
    const dy = tf.tensor4d(Float32Array.from(g), [1, to[0], to[1], 1]);
    const attributes = { alignCorners: false, halfPixelCenters: false };
    const gradient = runKernel('ResizeNearestNeighborGrad', { images, dy }, attributes);
    const expected = new Array<number>(from[0] * from[1]).fill(0);
    g.forEach((value, i) => {
      const row = Math.floor((Math.floor(i / to[1]) * from[0]) / to[0]);
      const place = row * from[1] + Math.floor(((i % to[1]) * from[1]) / to[1]);
      expected[place] = (expected[place] as number) + value;
    });
    expect(largestDifference(await gradient.data(), expected)).toBeLessThan(1e-5);
    tf.dispose([images, dy, gradient]);
  });
});

describe.each<BackendRequest>(['wasm', 'cpu'])('on %s', (backend) => {
  beforeAll(async () => {
    await openBackend(backend);
  });

  it.each([
    { shape: [2, 3, 5, 2], factor: 2 },
    { shape: [1, 1, 4, 1], factor: 3 },
    { shape: [1, 5, 3, 3], factor: 4 },
    { shape: [2, 2, 2, 4], factor: 1 },
  ] as { shape: [number, number, number, number]; factor: number }[])(
    'upsamples $shape by $factor with the gradient of finite differences',
    async ({ shape, factor }) => {
      const [batch, height, width, channels] = shape;
      const x = shuffled(batch * height * width * channels, 7);
      const g = shuffled(x.length * factor * factor, 8);
      /** Where result number `i` comes from. */
      const source = (i: number): number => {
        const c = i % channels;
        const column = Math.floor(i / channels) % (width * factor);
        const row = Math.floor(i / channels / width / factor) % (height * factor);
        const n = Math.floor(i / channels / width / height / factor / factor);
        return ((n * height + Math.floor(row / factor)) * width + Math.floor(column / factor)) * channels + c;
      };
      const before = tf.memory().numTensors;
      const input = tf.tensor4d(Float32Array.from(x), shape);
      const dy = tf.tensor4d(Float32Array.from(g), [batch, height * factor, width * factor, channels]);
      const enlarged = upsampleNearest(input, factor);
      const gradient = tf.grad((image: tf.Tensor) => upsampleNearest(image as tf.Tensor4D, factor))(input, dy);
      const expected = Array.from(g, (_, i) => Math.fround(x[source(i)] as number));
      expect(enlarged.shape).toEqual(dy.shape);
      expect(Array.from(await enlarged.data())).toEqual(expected);
      const slopes = derivatives(x, (values) =>
        g.reduce((sum, weight, i) => sum + weight * (values[source(i)] as number), 0),
      );
      expect(largestDifference(await gradient.data(), slopes)).toBeLessThan(1e-5);
      tf.dispose([input, dy, enlarged, gradient]);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});
