import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../services/worker/backends/choose.js';
import { fusedKernels } from '../../services/worker/operations/fused-kernel.js';

/** Numbers −2 … 2 that differ. */
function numbers(size: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 30 - 2;
  });
}

/** Runs a kernel twice, with memory dirtied in between: the results' bits must be the same, and nothing else be left. */
function run(name: string, inputs: tf.NamedTensorMap, attributes: object = {}): Float32Array[] {
  const backend = tf.backend() as unknown as BackendWasm;
  const before = { tensors: tf.memory().numTensors, data: backend.numDataIds() };
  const once = (): Float32Array[] => {
    const results = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attributes as tf.NamedAttrMap);
    const values = [results].flat().map((result) => result.dataSync() as Float32Array);
    tf.dispose(results);
    return values;
  };
  const first = once();
  tf.dispose(tf.fill([100_000], 1e30));
  expect(once()).toEqual(first);
  expect({ tensors: tf.memory().numTensors, data: backend.numDataIds() }, `${name} left tensors`).toEqual(before);
  return first;
}

function expectClose(found: ArrayLike<number> | undefined, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(found?.length).toBe(expected.length);
  const worst = Array.from(expected).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (found?.[i] as number)) / (1 + Math.abs(value))),
    0,
  );
  expect(worst).toBeLessThan(tolerance);
}

beforeAll(async () => {
  await openBackend('wasm');
});

describe('fused kernels on wasm', () => {
  it.each([1, 3, 4, 22, 64])('find gradients of relu and bias with %i channels', (channels) => {
    const size = 2 * 3 * 5 * channels;
    const [gradient, output] = [numbers(size, 1), numbers(size, 2).map((value) => Math.max(0, value))];
    const shape: [number, number, number, number] = [2, 3, 5, channels];
    const inputs = { dy: tf.tensor4d(gradient, shape), y: tf.tensor4d(output, shape) };
    const [dx] = run(fusedKernels.reluGradient, inputs);
    expect(dx).toEqual(gradient.map((value, i) => ((output[i] as number) > 0 ? value : 0)));
    const [sums] = run(fusedKernels.biasGradient, { dy: inputs.dy });
    const expected = new Float64Array(channels);
    gradient.forEach((value, i) => (expected[i % channels] = (expected[i % channels] as number) + value));
    expectClose(sums, expected);
    tf.dispose(inputs);
  });

  it.each([1, 2, 3, 9])('move blocks of pixels into %i times four channels and back', (channels) => {
    const [batch, height, width] = [2, 4, 6];
    const pixels = numbers(batch * height * width * channels, 3);
    const x = tf.tensor4d(pixels, [batch, height, width, channels]);
    const [moved] = run(fusedKernels.spaceToDepth, { x });
    const expected = new Float32Array(pixels.length);
    for (let n = 0; n < batch; n += 1)
      for (let y = 0; y < height; y += 1)
        for (let z = 0; z < width; z += 1)
          for (let c = 0; c < channels; c += 1) {
            const pixel = (n * (height / 2) + (y >> 1)) * (width / 2) + (z >> 1);
            const to = pixel * 4 * channels + ((y & 1) * 2 + (z & 1)) * channels + c;
            expected[to] = pixels[((n * height + y) * width + z) * channels + c] as number;
          }
    expect(moved).toEqual(expected);
    const deep = tf.tensor4d(expected, [batch, height / 2, width / 2, 4 * channels]);
    expect(run(fusedKernels.depthToSpace, { x: deep })[0]).toEqual(pixels);
    tf.dispose([x, deep]);
  });

  it.each([
    { classes: 2, scale: 1 },
    { classes: 9, scale: 1 },
    { classes: 9, scale: 40 },
    { classes: 13, scale: 500 },
  ])('find the cross-entropy of $classes classes with logits up to ±2 · $scale', ({ classes, scale }) => {
    const rows = 37;
    const logits = numbers(rows * classes, 4).map((value) => value * scale);
    const labels = Float32Array.from({ length: logits.length }, (_, i) =>
      i % classes === (7 * Math.floor(i / classes)) % classes ? 1 : 0,
    );
    const inputs = { logits: tf.tensor2d(logits, [rows, classes]), labels: tf.tensor2d(labels, [rows, classes]) };
    const [losses, slopes] = run(fusedKernels.crossEntropy, inputs);
    const loss = (row: number, z: Float64Array): number => {
      const most = Math.max(...z);
      const logSum = most + Math.log(z.reduce((sum, value) => sum + Math.exp(value - most), 0));
      return z.reduce((sum, value, k) => sum + (labels[row * classes + k] as number) * (logSum - value), 0);
    };
    for (let row = 0; row < rows; row += 1) {
      const z = Float64Array.from(logits.subarray(row * classes, (row + 1) * classes));
      expectClose([losses?.[row] as number], [loss(row, z)], 2e-6);
      const step = 1e-4;
      const expected = Array.from(z, (value, k) => {
        const [above, below] = [z.with(k, value + step), z.with(k, value - step)];
        return (loss(row, above) - loss(row, below)) / (2 * step);
      });
      expectClose(slopes?.subarray(row * classes, (row + 1) * classes), expected);
    }
    tf.dispose(inputs);
  });

  it.each([Number.NaN, Infinity])('let a logit of %d show in the loss', (value) => {
    const inputs = {
      logits: tf.tensor2d([1, value, 0, 1, 2, 3], [2, 3]),
      labels: tf.tensor2d([1, 0, 0, 1, 0, 0], [2, 3]),
    };
    const results = tf.engine().runKernel<[tf.Tensor, tf.Tensor]>(fusedKernels.crossEntropy, inputs);
    const values = results[0].dataSync();
    expect(values[0]).toBeNaN();
    expect(values[1]).toBeCloseTo(2.4076, 3);
    tf.dispose(results);
    tf.dispose(inputs);
  });

  it.each([1, 6, 32])('take a step of Adam on %i numbers', (size) => {
    const [g, m] = [numbers(size, 5), numbers(size, 6)];
    const v = numbers(size, 7).map(Math.abs);
    const inputs = { gradient: tf.tensor1d(g), firstMoment: tf.tensor1d(m), secondMoment: tf.tensor1d(v) };
    const shares = { firstShare: 0.1, secondShare: 0.001, epsilon: 1e-7, rate: 0.02 };
    const [first, second, step] = run(fusedKernels.adam, inputs, shares);
    const means = Array.from(m, (value, i) => value + 0.1 * ((g[i] as number) - value));
    const squares = Array.from(v, (value, i) => value + 0.001 * ((g[i] as number) ** 2 - value));
    expectClose(first, means);
    expectClose(second, squares);
    expectClose(
      step,
      means.map((mean, i) => (0.02 * mean) / (Math.sqrt(squares[i] as number) + 1e-7)),
    );
    tf.dispose(inputs);
  });
});

describe('kernels that the wasm backend has, replaced', () => {
  it.each([
    { shape: [7], begin: [2], size: [3] },
    { shape: [40, 3], begin: [1, 0], size: [30, 3] },
    { shape: [5, 4], begin: [1, 2], size: [3, 1] },
    { shape: [2, 3, 4, 5], begin: [0, 1, 0, 2], size: [2, 2, 4, 3] },
    { shape: [2, 3, 4, 5], begin: [1, 0, 0, 0], size: [1, 3, 4, 5] },
    { shape: [2, 2, 3, 2, 3], begin: [0, 1, 1, 0, 1], size: [2, 1, 2, 2, 2] },
    { shape: [3, 4], begin: [1, 0], size: [0, 4] },
  ])('slice $size from $begin of $shape', ({ shape, begin, size }) => {
    const values = numbers(
      shape.reduce((a, b) => a * b),
      8,
    );
    const x = tf.tensor(values, shape);
    const strides = tf.util.computeStrides(shape).concat(1);
    const expected: number[] = [];
    const visit = (axis: number, offset: number): void => {
      if (axis === shape.length) expected.push(values[offset] as number);
      else
        for (let k = 0; k < (size[axis] as number); k += 1)
          visit(axis + 1, offset + ((begin[axis] as number) + k) * (strides[axis] as number));
    };
    visit(0, 0);
    expect(Array.from(run('Slice', { x }, { begin, size })[0] ?? [])).toEqual(expected);
    x.dispose();
  });

  it('keep the numbers of a clone when the original is disposed of, and free them with the last', () => {
    const before = (tf.backend() as unknown as BackendWasm).numDataIds();
    const original = tf.tensor1d([1, 2, 3]);
    const copy = tf.clone(original);
    original.dispose();
    tf.dispose(tf.fill([3], 9));
    expect(Array.from(copy.dataSync())).toEqual([1, 2, 3]);
    copy.dispose();
    expect((tf.backend() as unknown as BackendWasm).numDataIds()).toBe(before);
  });
});
