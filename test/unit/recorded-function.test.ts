import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordedFunction } from '../../services/worker/trainer/recorded-function.js';
import { useFakeNativeBackend, type FakeNativeBinding } from '../helpers/fake-native-binding.js';

const many = 1000;

describe('a recorded function', () => {
  let fake: FakeNativeBinding;
  let lines: string[];
  let weight: tf.Variable;
  let recorded: RecordedFunction;
  const offset = (): tf.Tensor => tf.tensor1d([0.5, 0.25, 0]);

  beforeEach(async () => {
    fake = await useFakeNativeBackend();
    lines = [];
    weight = tf.variable(tf.tensor1d([1, 2, 3]));
    recorded = new RecordedFunction('steps', (line) => lines.push(line));
  });
  afterEach(() => {
    recorded.dispose();
    weight.dispose();
    tf.removeBackend('tensorflow');
  });

  /** Σ (w∘x + offset)²; and w ← w − x. */
  const body = (x: tf.Tensor): tf.Tensor[] => {
    const sum = tf.sum(tf.square(tf.add(tf.mul(weight, x), offset())));
    weight.assign(tf.sub(weight, x));
    return [sum];
  };
  const numbers = (tensor: tf.Tensor): number[] => Array.from(tensor.dataSync());
  const call = (values: number[], run: (x: tf.Tensor) => tf.Tensor[] = body, calls = many): number => {
    const [result] = tf.tidy(() => {
      const x = tf.tensor1d(values);
      return recorded.run([x], calls, () => run(x));
    });
    const found = numbers(result as tf.Tensor)[0] as number;
    tf.dispose(result);
    return found;
  };
  /** The same in JavaScript. */
  const expected = (values: readonly number[], w: number[]): number =>
    values.reduce((sum, x, place) => {
      const term = (w[place] as number) * x + ([0.5, 0.25, 0][place] as number);
      w[place] = (w[place] as number) - x;
      return sum + term ** 2;
    }, 0);

  it('gives what the function would give, variables included, and asks for no single operation any more', () => {
    const w = [1, 2, 3];
    for (let step = 0; step < 6; step += 1) {
      const x = [step, 0.5, -step];
      const before = fake.executed;
      expect(call(x), `call ${step}`).toBeCloseTo(expected(x, w), 4);
      expect(numbers(weight), `the variable after call ${step}`).toEqual(w);
      if (step >= 2) expect(fake.executed, `call ${step}`).toBe(before);
    }
    expect(lines).toEqual(['steps run as one TensorFlow graph']);
  });

  it('keeps a recording for each set of shapes', () => {
    weight.dispose();
    weight = tf.variable(tf.scalar(2));
    const run = (x: tf.Tensor): tf.Tensor[] => [tf.sum(tf.mul(weight, x))];
    for (const x of [
      [1, 2],
      [1, 2, 3],
      [3, 4],
      [4, 5, 6],
      [5, 6],
      [7, 8, 9],
    ]) {
      expect(call(x, run)).toBe(2 * x.reduce((sum, value) => sum + value, 0));
    }
    expect(fake.graphs.size).toBe(2);
  });

  it('is not recorded when it reads from the device', () => {
    const run = (x: tf.Tensor): tf.Tensor[] => [tf.mul(tf.sum(x), tf.sum(x).dataSync()[0] as number)];
    for (const x of [
      [1, 2],
      [3, 4],
      [5, 6],
    ])
      expect(call(x, run)).toBe(((x[0] as number) + (x[1] as number)) ** 2);
    expect(lines).toEqual([expect.stringContaining('operation by operation, not as one TensorFlow graph: it reads')]);
    expect(fake.graphs.size).toBe(0);
  });

  it('is not replayed when it depends on the host', () => {
    let step = 0;
    const run = (x: tf.Tensor): tf.Tensor[] => [tf.mul(tf.sum(x), (step += 1))];
    const found = [1, 2, 3, 4].map((x) => call([x], run));
    expect(found).toEqual([1, 4, 9, 16]);
    expect(lines).toEqual([expect.stringMatching(/gives other numbers, off by 0\.5/)]);
    expect(fake.graphs.size, 'the graph is given back').toBe(0);
  });

  it('goes on without a graph where TensorFlow refuses it', () => {
    fake.refuses = true;
    const w = [1, 2, 3];
    for (const x of [
      [1, 1, 1],
      [2, 0, 1],
      [0, 3, 1],
    ]) {
      expect(call(x)).toBeCloseTo(expected(x, w), 4);
      expect(numbers(weight)).toEqual(w);
    }
    expect(lines).toEqual([expect.stringContaining('Failed to load SavedModel: no')]);
  });

  it('is not worth recording for few calls', () => {
    for (let step = 0; step < 4; step += 1) call([1, 2, 3], body, 5);
    expect(lines).toEqual([]);
    expect(fake.graphs.size).toBe(0);
  });

  it('leaves neither tensors nor graphs behind', () => {
    // What a variable holds on the host reaches the library at its first use.
    call([1, 2, 3]);
    recorded.dispose();
    const before = [tf.memory().numTensors, fake.held.size];
    for (let step = 0; step < 5; step += 1) call([1, 2, step]);
    expect([tf.memory().numTensors, fake.held.size]).toEqual(before);
    recorded.dispose();
    expect(fake.graphs.size).toBe(0);
  });
});
