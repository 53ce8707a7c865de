import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../services/worker/backends/choose.js';

/**
 * Every training kernel against central finite differences of a plain float64 implementation. For a linear operation
 * y = f(x, w) and fixed random g, the gradient of Σ g·y is what the kernel returns for dy = g.
 */
type Pad = 'same' | 'valid' | number | [[0, 0], [number, number], [number, number], [0, 0]];

interface Case {
  batch: number;
  height: number;
  width: number;
  channels: number;
  /** Filters in all, or for each channel of a depthwise convolution. */
  filters: number;
  filterHeight: number;
  filterWidth: number;
  strides: [number, number];
  dilations: [number, number];
  pad: Pad;
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Zeros before, and the size of the result, along one axis. */
function axis(
  size: number,
  filter: number,
  stride: number,
  dilation: number,
  pad: Pad,
  which: 1 | 2,
): [number, number] {
  const reach = (filter - 1) * dilation + 1;
  if (pad === 'same') {
    const out = Math.ceil(size / stride);
    return [Math.floor(Math.max(0, (out - 1) * stride + reach - size) / 2), out];
  }
  const [before, after] = pad === 'valid' ? [0, 0] : typeof pad === 'number' ? [pad, pad] : pad[which];
  return [before, Math.floor((size + before + after - reach) / stride) + 1];
}

function outputSize(c: Case): [number, number] {
  const [, height] = axis(c.height, c.filterHeight, c.strides[0], c.dilations[0], c.pad, 1);
  const [, width] = axis(c.width, c.filterWidth, c.strides[1], c.dilations[1], c.pad, 2);
  return [height, width];
}

/** Σ g · conv(x, w) in float64, by definition. */
function weightedConvolution(c: Case, depthwise: boolean, x: Float64Array, w: Float64Array, g: Float64Array): number {
  const [top, outHeight] = axis(c.height, c.filterHeight, c.strides[0], c.dilations[0], c.pad, 1);
  const [left, outWidth] = axis(c.width, c.filterWidth, c.strides[1], c.dilations[1], c.pad, 2);
  const outChannels = depthwise ? c.channels * c.filters : c.filters;
  let sum = 0;
  for (let n = 0; n < c.batch; n += 1)
    for (let p = 0; p < outHeight; p += 1)
      for (let q = 0; q < outWidth; q += 1)
        for (let i = 0; i < c.filterHeight; i += 1)
          for (let j = 0; j < c.filterWidth; j += 1) {
            const y = p * c.strides[0] + i * c.dilations[0] - top;
            const z = q * c.strides[1] + j * c.dilations[1] - left;
            if (y < 0 || y >= c.height || z < 0 || z >= c.width) continue;
            for (let k = 0; k < c.channels; k += 1) {
              const value = x[((n * c.height + y) * c.width + z) * c.channels + k] as number;
              for (let f = 0; f < c.filters; f += 1) {
                const weight = w[((i * c.filterWidth + j) * c.channels + k) * c.filters + f] as number;
                const o = depthwise ? k * c.filters + f : f;
                sum += value * weight * (g[((n * outHeight + p) * outWidth + q) * outChannels + o] as number);
              }
            }
          }
  return sum;
}

/** Places to look at: all of a small tensor, some of a large one. */
function places(length: number, next: () => number): number[] {
  if (length <= 12) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: 12 }, () => Math.floor(next() * length));
}

function expectDerivatives(
  found: ArrayLike<number>,
  at: Float64Array,
  f: () => number,
  next: () => number,
  what: string,
): void {
  for (const place of places(at.length, next)) {
    const original = at[place] as number;
    const step = 0.5;
    at[place] = original + step;
    const above = f();
    at[place] = original - step;
    const below = f();
    at[place] = original;
    const expected = (above - below) / (2 * step);
    expect(Math.abs((found[place] as number) - expected), `${what} at ${place}`).toBeLessThan(
      1e-4 * (1 + Math.abs(expected)),
    );
  }
}

/** Runs a kernel, reads its result and checks that nothing but the result was left in memory. */
async function runKernel(name: string, inputs: tf.NamedTensorMap, attributes: object): Promise<ArrayLike<number>> {
  const backend = tf.backend() as unknown as BackendWasm;
  const before = { tensors: tf.memory().numTensors, data: backend.numDataIds() };
  const result: tf.Tensor = tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap);
  const values = await result.data();
  result.dispose();
  expect({ tensors: tf.memory().numTensors, data: backend.numDataIds() }, `${name} left tensors`).toEqual(before);
  return values;
}

async function checkConvolution(c: Case, depthwise: boolean, next: () => number): Promise<void> {
  const what = JSON.stringify(c);
  const fill = (length: number): Float64Array => Float64Array.from({ length }, () => Math.fround(next() * 2 - 1));
  const [outHeight, outWidth] = outputSize(c);
  const inputShape: [number, number, number, number] = [c.batch, c.height, c.width, c.channels];
  const filterShape: [number, number, number, number] = [c.filterHeight, c.filterWidth, c.channels, c.filters];
  const outChannels = depthwise ? c.channels * c.filters : c.filters;
  const x = fill(inputShape.reduce((a, b) => a * b));
  const w = fill(filterShape.reduce((a, b) => a * b));
  const g = fill(c.batch * outHeight * outWidth * outChannels);
  const tensors = {
    x: tf.tensor4d(Float32Array.from(x), inputShape),
    filter: tf.tensor4d(Float32Array.from(w), filterShape),
    dy: tf.tensor4d(Float32Array.from(g), [c.batch, outHeight, outWidth, outChannels]),
  };
  const { strides, dilations, pad } = c;
  const call = depthwise ? { strides, dilations, pad } : { strides, pad, dataFormat: 'NHWC' };
  const kernels = depthwise
    ? ['DepthwiseConv2dNativeBackpropInput', 'DepthwiseConv2dNativeBackpropFilter']
    : ['Conv2DBackpropInput', 'Conv2DBackpropFilter'];
  const { dy, filter } = tensors;
  const f = (): number => weightedConvolution(c, depthwise, x, w, g);
  if (!depthwise) {
    // Σ g·y is linear in g too, with the convolution itself as its derivative.
    const y = await runKernel('Conv2D', { x: tensors.x, filter }, { ...call, dilations });
    expect(y.length, what).toBe(g.length);
    expectDerivatives(y, g, f, next, `output of ${what}`);
  }
  const dx = await runKernel(kernels[0] as string, { dy, filter }, { ...call, inputShape });
  const dw = await runKernel(kernels[1] as string, { x: tensors.x, dy }, { ...call, filterShape });
  expect([dx.length, dw.length], what).toEqual([x.length, w.length]);
  expectDerivatives(dx, x, f, next, `input of ${what}`);
  expectDerivatives(dw, w, f, next, `filter of ${what}`);
  tf.dispose(tensors);
}

function randomCase(next: () => number, depthwise: boolean): Case {
  const whole = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  for (;;) {
    const stride = whole(1, 3);
    const strides: [number, number] = next() < 0.7 ? [stride, stride] : [whole(1, 3), whole(1, 3)];
    // TensorFlow.js gives a convolution either strides or dilations.
    const dilations: [number, number] = depthwise && Math.max(...strides) === 1 ? [whole(1, 3), whole(1, 3)] : [1, 1];
    const pads: Pad[] = [
      'same',
      'valid',
      whole(0, 2),
      [
        [0, 0],
        [whole(0, 3), whole(0, 3)],
        [whole(0, 3), whole(0, 3)],
        [0, 0],
      ],
    ];
    const choice = whole(0, 3);
    // A pad given as one number makes TensorFlow.js size both axes by the filter's height and the stride along it.
    const isSquare = choice === 2;
    if (isSquare) [strides[1], dilations[1]] = [strides[0], dilations[0]];
    const filterHeight = whole(1, 4);
    const c: Case = {
      batch: whole(1, 3),
      height: whole(1, 9),
      width: whole(1, 9),
      channels: whole(1, 9),
      filters: whole(1, depthwise ? 3 : 6),
      filterHeight,
      filterWidth: isSquare ? filterHeight : whole(1, 4),
      strides,
      dilations,
      pad: pads[choice] as Pad,
    };
    if (Math.min(...outputSize(c)) >= 1) return c;
  }
}

const plain: Case = {
  batch: 1,
  height: 5,
  width: 7,
  channels: 1,
  filters: 1,
  filterHeight: 3,
  filterWidth: 3,
  strides: [1, 1],
  dilations: [1, 1],
  pad: 'same',
};
const named: Record<string, Partial<Case>> = {
  'one channel, one image, same': {},
  'stride 2 with asymmetric same padding': { height: 8, width: 6, strides: [2, 2], channels: 3, filters: 4 },
  'stride 2 without padding that leaves a border unseen': { height: 8, width: 8, strides: [2, 2], pad: 'valid' },
  'a 1×1 filter': { filterHeight: 1, filterWidth: 1, channels: 4, filters: 5, batch: 2 },
  'a 1×1 filter with stride 2, which never sees most pixels': { filterHeight: 1, filterWidth: 1, strides: [2, 2] },
  'a stride larger than the filter': { filterHeight: 2, filterWidth: 1, strides: [3, 3], height: 9, width: 9 },
  'many input channels and few filters': { channels: 16, filters: 2, batch: 2 },
  'channels enough for tiles of 2×2, odd sides': { batch: 2, height: 7, width: 5, channels: 16, filters: 20 },
  'tiles in more than one block': { batch: 3, height: 24, width: 30, channels: 20, filters: 36 },
  'tiles without padding': { height: 6, width: 9, channels: 24, filters: 16, pad: 'valid' },
  'tiles with padding on one side only': {
    batch: 2,
    channels: 16,
    filters: 16,
    pad: [
      [0, 0],
      [2, 0],
      [0, 3],
      [0, 0],
    ],
  },
  'a pad wider than a tile’s filter': { channels: 16, filters: 16, pad: 4 },
  'tiles of a single pixel': { height: 1, width: 1, channels: 16, filters: 16 },
  'padding wider than the filter': {
    filterHeight: 2,
    filterWidth: 2,
    pad: [
      [0, 0],
      [3, 1],
      [2, 4],
      [0, 0],
    ],
  },
  'an image smaller than the filter': { height: 2, width: 1, filterHeight: 4, filterWidth: 3 },
};

beforeAll(async () => {
  await openBackend('wasm');
});

describe('gradients of the convolution on wasm', () => {
  for (const [name, change] of Object.entries(named)) {
    it(`agrees with finite differences for ${name}`, async () => {
      await checkConvolution({ ...plain, ...change }, false, random(7));
    });
  }

  it('agrees with finite differences over random shapes, strides and paddings', async () => {
    const next = random(1);
    for (let i = 0; i < 150; i += 1) await checkConvolution(randomCase(next, false), false, next);
  });

  it.each([
    { filters: 17, batch: 5 },
    { filters: 16, batch: 13 },
  ])('adds up the images of a batch: $batch images, $filters filters', async ({ filters, batch }) => {
    const next = random(2);
    const values = (length: number): Float32Array => Float32Array.from({ length }, () => next() * 2 - 1);
    const [pixels, channels] = [32 * 32, 64];
    const attributes = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', filterShape: [5, 5, channels, filters] };
    const gradient = (x: Float32Array, dy: Float32Array, images: number): Promise<ArrayLike<number>> => {
      const inputs = {
        x: tf.tensor4d(x, [images, 32, 32, channels]),
        dy: tf.tensor4d(dy, [images, 32, 32, filters]),
      };
      return runKernel('Conv2DBackpropFilter', inputs, attributes).finally(() => tf.dispose(inputs));
    };
    const [x, dy] = [values(batch * pixels * channels), values(batch * pixels * filters)];
    const sums = new Float64Array(5 * 5 * channels * filters);
    for (let n = 0; n < batch; n += 1) {
      const one = await gradient(
        x.subarray(n * pixels * channels, (n + 1) * pixels * channels),
        dy.subarray(n * pixels * filters, (n + 1) * pixels * filters),
        1,
      );
      for (let k = 0; k < sums.length; k += 1) sums[k] = (sums[k] as number) + (one[k] as number);
    }
    const whole = await gradient(x, dy, batch);
    const worst = sums.reduce((most, sum, k) => Math.max(most, Math.abs(sum - (whole[k] as number))), 0);
    expect(worst).toBeLessThan(1e-3);
  });

  it.each([
    { outputs: 8, activation: 'relu' },
    { outputs: 13, activation: 'relu' },
    { outputs: 3, activation: 'linear' },
    { outputs: 5, activation: 'relu6' },
  ])('adds a bias to $outputs outputs, then $activation', async ({ outputs, activation }) => {
    const next = random(4);
    const values = (length: number): Float32Array => Float32Array.from({ length }, () => next() * 2 - 1);
    const inputs = {
      x: tf.tensor4d(values(2 * 5 * 7 * 3), [2, 5, 7, 3]),
      filter: tf.tensor4d(values(3 * 3 * 3 * outputs), [3, 3, 3, outputs]),
      bias: tf.tensor1d(values(outputs)),
    };
    const call = { strides: [2, 2], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1], dimRoundingMode: 'floor' };
    const plain = await runKernel('Conv2D', { x: inputs.x, filter: inputs.filter }, call);
    const bias = inputs.bias.dataSync();
    const found = await runKernel('FusedConv2D', inputs, { ...call, activation, leakyreluAlpha: 0 });
    const bounds = { relu: [0, Infinity], relu6: [0, 6], linear: [-Infinity, Infinity] }[activation] as number[];
    Array.from(plain).forEach((value, i) => {
      const sum = value + (bias[i % outputs] as number);
      const expected = Math.min(bounds[1] as number, Math.max(bounds[0] as number, sum));
      expect(Math.abs((found[i] as number) - expected)).toBeLessThan(1e-5);
    });
    tf.dispose(inputs);
  });

  it('leaves dilated convolutions to the package, whose results stay right', async () => {
    const next = random(5);
    for (let i = 0; i < 10; i += 1) {
      const c: Case = { ...plain, height: 9, width: 8, channels: 3, filters: 5, dilations: [1 + (i % 3), 2] };
      const fill = (length: number): Float64Array => Float64Array.from({ length }, () => Math.fround(next() * 2 - 1));
      const [x, w, g] = [fill(9 * 8 * 3), fill(3 * 3 * 3 * 5), fill(9 * 8 * 5)];
      const inputs = {
        x: tf.tensor4d(Float32Array.from(x), [1, 9, 8, 3]),
        filter: tf.tensor4d(Float32Array.from(w), [3, 3, 3, 5]),
      };
      const call = {
        strides: [1, 1],
        pad: 'same',
        dataFormat: 'NHWC',
        dilations: c.dilations,
        dimRoundingMode: 'floor',
      };
      const y = await runKernel('Conv2D', inputs, call);
      expectDerivatives(y, g, () => weightedConvolution(c, false, x, w, g), next, `output of dilation ${i}`);
      tf.dispose(inputs);
    }
  });

  it('gives the same bits each time', async () => {
    const next = random(6);
    const values = (length: number): Float32Array => Float32Array.from({ length }, () => next() * 2 - 1);
    const x = tf.tensor4d(values(3 * 17 * 9 * 7), [3, 17, 9, 7]);
    const filter = tf.tensor4d(values(3 * 3 * 7 * 11), [3, 3, 7, 11]);
    const dy = tf.tensor4d(values(3 * 9 * 5 * 11), [3, 9, 5, 11]);
    const call = { strides: [2, 2], pad: 'same', dataFormat: 'NHWC', dimRoundingMode: 'floor' };
    const once = async (): Promise<unknown[]> => [
      await runKernel('Conv2D', { x, filter }, { ...call, dilations: [1, 1] }),
      await runKernel('Conv2DBackpropInput', { dy, filter }, { ...call, inputShape: x.shape }),
      await runKernel('Conv2DBackpropFilter', { x, dy }, { ...call, filterShape: filter.shape }),
    ];
    const first = await once();
    // Memory that was used for something else in between must not show.
    tf.dispose(tf.fill([200_000], 1e30));
    expect(await once()).toEqual(first);
    tf.dispose([x, filter, dy]);
  });

  it('refuses channels before pixels', () => {
    const dy = tf.zeros<tf.Rank.R4>([1, 2, 4, 4]);
    const attributes = { strides: [1, 1], pad: 'same', dataFormat: 'NCHW', filterShape: [3, 3, 2, 2] };
    expect(() =>
      tf.engine().runKernel('Conv2DBackpropFilter', { x: dy, dy }, attributes as unknown as tf.NamedAttrMap),
    ).toThrow(/NCHW/);
    dy.dispose();
  });
});

describe('gradients of the depthwise convolution on wasm', () => {
  for (const [name, change] of Object.entries(named)) {
    it(`agrees with finite differences for ${name}`, async () => {
      await checkConvolution({ ...plain, ...change, filters: 2 }, true, random(8));
    });
  }

  it('agrees with finite differences over random shapes, strides, dilations and paddings', async () => {
    const next = random(3);
    for (let i = 0; i < 150; i += 1) await checkConvolution(randomCase(next, true), true, next);
  });
});

describe('sum by segment on wasm', () => {
  it('adds rows of one segment and drops those of none', async () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [5, 2]);
    const segmentIds = tf.tensor1d([2, 0, 2, -1, 9], 'int32');
    const sums = await runKernel('UnsortedSegmentSum', { x, segmentIds }, { numSegments: 4 });
    expect([...Array.from(sums)]).toEqual([3, 4, 0, 0, 6, 8, 0, 0]);
    tf.dispose([x, segmentIds]);
  });

  it('adds integers and vectors', async () => {
    const x = tf.tensor1d([5, -2, 7], 'int32');
    const segmentIds = tf.tensor1d([1, 1, 0], 'int32');
    const result = tf.unsortedSegmentSum(x, segmentIds, 2);
    expect(result.dtype).toBe('int32');
    expect(Array.from(await result.data())).toEqual([7, 3]);
    tf.dispose([x, segmentIds, result]);
  });
});
