import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { modelConfig } from '../../services/shared/catalog/models.js';
import type { Model, ModelTask } from '../../services/worker/models/model.js';
import { architectureOf, buildModel } from '../../services/worker/models/registry.js';
import {
  correlations,
  flipFlop,
  identity,
  inverse,
  type Precisions,
} from '../../services/worker/models/relationship/tensor-normal.js';
import { randomSource } from '../helpers/random-spec.js';

const random = randomSource(5);
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const at = (matrix: ArrayLike<number>, size: number, row: number, column: number): number =>
  matrix[row * size + column] ?? Number.NaN;
/** A Aᵀ + I. */
const positive = (size: number): Float64Array => {
  const factor = Float64Array.from({ length: size * size }, normal);
  return Float64Array.from({ length: size * size }, (_, place) => {
    const [row, column] = [Math.floor(place / size), place % size];
    let sum = Number(row === column);
    for (let k = 0; k < size; k += 1) sum += at(factor, size, row, k) * at(factor, size, column, k);
    return sum;
  });
};
const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, digits = 9): void => {
  expect(actual.length).toBe(expected.length);
  Array.from(expected).forEach((value, place) => expect(actual[place]).toBeCloseTo(value, digits));
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('covariances of a tensor-normal distribution', () => {
  it('of one axis are those of its draws, scaled to a mean variance of 1', () => {
    const values = [3, 1, -1, 1];
    // Σ x xᵀ of (3, 1) and (−1, 1): [[10, 2], [2, 2]], with a mean variance of 6.
    const { covariances } = flipFlop(
      { values, count: 2, shape: [2, 1, 1] },
      [identity(2), identity(1), identity(1)],
      0.5,
    );
    close(covariances[0], [10 / 6 + 0.5, 2 / 6, 2 / 6, 2 / 6 + 0.5]);
    close(covariances[1], [1.5]);
  });

  it('are the products with all other precisions written out', () => {
    const shape = [3, 2, 4] as const;
    const count = 5;
    const values = Float64Array.from({ length: count * 24 }, normal);
    const before = shape.map((size) => inverse(positive(size), size)) as unknown as Precisions;
    const { precisions, covariances } = flipFlop({ values, count, shape }, before, 0.1);
    const sizes = shape as readonly number[];
    for (const axis of [0, 1, 2] as const) {
      // The axes before it have been taken anew already.
      const used = [0, 1, 2].map((other) => (other < axis ? precisions : before)[other as 0 | 1 | 2]);
      const size = sizes[axis] ?? 0;
      const found = new Float64Array(size * size);
      for (let draw = 0; draw < count; draw += 1) {
        for (let a = 0; a < 24; a += 1) {
          for (let b = 0; b < 24; b += 1) {
            const [i, j] = [a, b].map((place) => [Math.floor(place / 8), Math.floor(place / 4) % 2, place % 4]) as [
              number[],
              number[],
            ];
            let weight = (values[24 * draw + a] ?? 0) * (values[24 * draw + b] ?? 0);
            for (const other of [0, 1, 2].filter((one) => one !== axis)) {
              weight *= at(used[other] ?? [], sizes[other] ?? 0, i[other] ?? 0, j[other] ?? 0);
            }
            const place = (i[axis] ?? 0) * size + (j[axis] ?? 0);
            found[place] = (found[place] ?? 0) + weight;
          }
        }
      }
      const mean = Array.from({ length: size }, (_, row) => at(found, size, row, row)).reduce((a, b) => a + b) / size;
      close(
        covariances[axis],
        found.map((value, place) => value / mean + (place % (size + 1) === 0 ? 0.1 : 0)),
      );
    }
  });

  it('of many draws are those that the draws were made with', () => {
    const [first, second] = [
      [1, 0.6, 0.6, 1],
      [1.5, 0.5, 0.5, 0.5],
    ];
    const root = (matrix: readonly number[]): number[] => {
      const a = Math.sqrt(matrix[0] ?? 0);
      const b = (matrix[1] ?? 0) / a;
      return [a, 0, b, Math.sqrt((matrix[3] ?? 0) - b * b)];
    };
    const [l, r] = [root(first), root(second)];
    const count = 20_000;
    const values = Float64Array.from({ length: count * 4 });
    for (let draw = 0; draw < count; draw += 1) {
      const z = [normal(), normal(), normal(), normal()];
      // X = L Z Rᵀ.
      for (let row = 0; row < 2; row += 1) {
        for (let column = 0; column < 2; column += 1) {
          let sum = 0;
          for (let i = 0; i < 2; i += 1)
            for (let j = 0; j < 2; j += 1) sum += at(l, 2, row, i) * at(z, 2, i, j) * at(r, 2, column, j);
          values[4 * draw + 2 * row + column] = sum;
        }
      }
    }
    let found = {
      precisions: [identity(2), identity(2), identity(1)] as Precisions,
      covariances: [] as unknown as Precisions,
    };
    for (let round = 0; round < 4; round += 1)
      found = flipFlop({ values, count, shape: [2, 2, 1] }, found.precisions, 1e-9);
    close(found.covariances[0], first, 1);
    close(found.covariances[1], second, 1);
    expect(correlations(found.covariances[0], 2)[1]).toBeCloseTo(0.6, 1);
  });

  it('are inverted', () => {
    const matrix = positive(6);
    const other = inverse(matrix, 6);
    const product = Float64Array.from({ length: 36 }, (_, place) => {
      let sum = 0;
      for (let k = 0; k < 6; k += 1) sum += at(matrix, 6, Math.floor(place / 6), k) * at(other, 6, k, place % 6);
      return sum;
    });
    close(product, identity(6));
  });
});

describe('relationship networks', () => {
  const input = { height: 16, width: 16, channels: 3 };
  const tasks: ModelTask[] = [
    { name: 'semantic', output: 'map', outputChannels: 5 },
    { name: 'depth', output: 'map', outputChannels: 1 },
    { name: 'height', output: 'map', outputChannels: 1 },
  ];
  const common = { encoder: [4, 6], head: 4 };
  const build = (options: object = {}, some = tasks): Model =>
    buildModel(architectureOf(modelConfig.parse({ name: 'relationship', ...common, ...options }), input, some), 1, 1e6);
  const variableOf = (model: Model, name: string): tf.Variable => model.state.variables?.[name] as tf.Variable;
  const penaltyOf = (model: Model): number => model.penalty?.().dataSync()[0] ?? Number.NaN;
  const noMeasure = (): Promise<never> => Promise.reject(new Error('relationship networks measure no losses'));

  it('start as weight decay on the layers that heads have in common', () => {
    const model = build({ strength: 0.5 });
    const squares = ['up2/filter', 'skip1/filter'].flatMap((name) => tasks.map((task) => `${task.name}/${name}`));
    // The output layers of depth and height have one shape, the one of semantic has another.
    const all = [...squares, 'depth/up1/filter', 'height/up1/filter'];
    const sum = all.reduce((total, name) => total + (tf.sum(tf.square(variableOf(model, name))).dataSync()[0] ?? 0), 0);
    expect(penaltyOf(model)).toBeCloseTo(0.25 * sum, 4);
    expect(Object.keys(model.state.variables ?? {})).toEqual(
      expect.arrayContaining([
        'prior/up1/filter:depth+height/tasks',
        'prior/up2/filter:semantic+depth+height/features',
      ]),
    );
  });

  it('weigh the parameters as the Kronecker product of their precisions does', () => {
    const model = build({ strength: 2 }, tasks.slice(1));
    const names = ['up2/filter', 'skip1/filter', 'up1/filter'].map((name) => `prior/${name}:depth+height`);
    const expected = names.map((name) => {
      const sizes = ['features', 'outputs', 'tasks'].map((axis) => {
        const variable = variableOf(model, `${name}/${axis}`);
        const size = variable.shape[0];
        variable.assign(tf.tensor2d(Float32Array.from(inverse(positive(size), size)), [size, size]));
        return { size, values: variable.dataSync() };
      });
      const [features, outputs, related] = sizes as [(typeof sizes)[0], (typeof sizes)[0], (typeof sizes)[0]];
      const layer = name.slice('prior/'.length, name.indexOf(':'));
      const weights = ['depth', 'height'].map((task) => variableOf(model, `${task}/${layer}`).dataSync());
      const places = (weights[0]?.length ?? 0) / features.size / outputs.size;
      let sum = 0;
      for (let place = 0; place < places; place += 1) {
        const of = (task: number, from: number, to: number): number =>
          weights[task]?.[(place * features.size + from) * outputs.size + to] ?? Number.NaN;
        for (let t = 0; t < 2; t += 1) {
          for (let u = 0; u < 2; u += 1) {
            for (let a = 0; a < features.size; a += 1) {
              for (let b = 0; b < features.size; b += 1) {
                const shared = at(related.values, 2, t, u) * at(features.values, features.size, a, b);
                for (let c = 0; c < outputs.size; c += 1) {
                  for (let d = 0; d < outputs.size; d += 1) {
                    sum += shared * at(outputs.values, outputs.size, c, d) * of(t, a, c) * of(u, b, d);
                  }
                }
              }
            }
          }
        }
      }
      return sum;
    });
    const total = expected.reduce((a, b) => a + b);
    expect(Math.abs(penaltyOf(model) / total - 1)).toBeLessThan(1e-4);
  });

  it('find tasks of equal weights alike, and pull others less towards them', async () => {
    const model = build();
    const from = variableOf(model, 'depth/up2/filter');
    variableOf(model, 'height/up2/filter').assign(from);
    const lines = await model.afterEpoch?.(1, noMeasure);
    const [, first = '', second = '', third = ''] =
      /up2.*semantic–depth (\S+), semantic–height (\S+), depth–height (\S+)$/.exec(lines?.[0] ?? '') ?? [];
    expect(Number(third)).toBeGreaterThan(0.98);
    expect(Math.abs(Number(first))).toBeLessThan(0.2);
    expect(first).toBe(second);
    // Apart, the two related tasks cost more than two that are not.
    const before = penaltyOf(model);
    const step = tf.randomNormal(from.shape, 0, 0.1, 'float32', 3);
    from.assign(tf.add<tf.Tensor>(from, step));
    const related = penaltyOf(model) - before;
    from.assign(tf.sub<tf.Tensor>(from, step));
    const other = variableOf(model, 'semantic/up2/filter');
    other.assign(tf.add<tf.Tensor>(other, step));
    expect(related).toBeGreaterThan(10 * (penaltyOf(model) - before));
  });

  it('have the gradient of finite differences in the prior', async () => {
    const model = build({ strength: 1 });
    await model.afterEpoch?.(1, noMeasure);
    const penalty = (): tf.Scalar => model.penalty?.() as tf.Scalar;
    const { grads } = tf.variableGrads(penalty);
    expect(Object.keys(grads)).toHaveLength(8);
    for (const { name, variable } of model.parameters) {
      const gradient = (grads as Partial<typeof grads>)[variable.name];
      if (gradient === undefined) continue;
      const length = tf.norm(gradient).dataSync()[0] ?? Number.NaN;
      const start = tf.clone(variable);
      const along = (t: number): number => {
        variable.assign(tf.add<tf.Tensor>(start, tf.mul(gradient, t / length)));
        return penaltyOf(model);
      };
      const slope = (along(0.05) - along(-0.05)) / 0.1;
      variable.assign(start);
      expect(Math.abs(slope / length - 1), name).toBeLessThan(0.01);
    }
  });

  it('leave no tensor behind an update, and refuse heads that have nothing in common', async () => {
    const model = build();
    const before = tf.memory().numTensors;
    await model.afterEpoch?.(1, noMeasure);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
    const vectors: ModelTask[] = [4, 7].map((outputChannels) => ({
      name: `of ${outputChannels}`,
      output: 'vector',
      outputChannels,
    }));
    expect(() => build({}, vectors)).toThrow(expect.objectContaining({ code: 'MODEL_UNSUITABLE' }) as Error);
  });
});
