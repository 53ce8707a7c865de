import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { faultOfEncoder } from '../../services/shared/catalog/compatibility.js';
import { modelConfig } from '../../services/shared/catalog/models.js';
import { attentionMask } from '../../services/worker/models/layers/attention.js';
import type { Model, ModelParameter, ModelTask } from '../../services/worker/models/model.js';
import { architectureOf, buildModel } from '../../services/worker/models/registry.js';
import { scopeOf } from '../../services/worker/models/scope.js';

const input = { height: 16, width: 16, channels: 3 };
const semantic: ModelTask = { name: 'semantic', output: 'map', outputChannels: 5 };
const depth: ModelTask = { name: 'depth', output: 'map', outputChannels: 1 };
const normals: ModelTask = { name: 'normals', output: 'map', outputChannels: 3 };
const plain = { name: 'plain', channels: [4, 6, 8, 8] };
const resnet = { name: 'resnet', channels: [4, 6, 8], units: 2 };
const images = tf.randomUniform<tf.Rank.R4>([2, input.height, input.width, 3], 0, 1, 'float32', 1);

function build(model: object, tasks = [semantic, depth]): Model {
  return buildModel(architectureOf(modelConfig.parse({ head: 4, ...model }), input, tasks), 1, 1e6);
}

const values = (tensor: tf.Tensor): number[] => Array.from(tensor.dataSync());
const outputsOf = (model: Model): number[][] => model.forward(images, 'evaluation').map(values);
const variableOf = (model: Model, name: string): tf.Variable => model.state.variables?.[name] as tf.Variable;

function expectClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  expect(Math.max(...actual.map((value, index) => Math.abs(value - (expected[index] ?? NaN))))).toBeLessThan(tolerance);
}

/** Slopes along the gradient of every parameter, by central differences, against its length. */
function expectGradients(
  model: Model,
  objective: () => tf.Scalar,
  isLookedAt: (parameter: ModelParameter) => boolean = () => true,
): void {
  const { grads } = tf.variableGrads(objective);
  const looked = model.parameters.filter(isLookedAt);
  expect(looked.length).toBeGreaterThan(0);
  for (const { name, variable } of looked) {
    const gradient = grads[variable.name] as tf.Tensor;
    const length = tf.norm(gradient).dataSync()[0] ?? Number.NaN;
    const direction = tf.div(gradient, length);
    const start = tf.clone(variable);
    const at = (t: number): number => {
      variable.assign(tf.add<tf.Tensor>(start, tf.mul(direction, t)));
      return objective().dataSync()[0] ?? Number.NaN;
    };
    const h = 1e-3;
    const slope = (at(h) - at(-h)) / (2 * h);
    variable.assign(start);
    expect(Math.abs(slope - length) / length, name).toBeLessThan(0.05);
  }
}

/** A fixed linear form of all outputs. */
function linearForm(model: Model): () => tf.Scalar {
  const weights = model
    .forward(images, 'evaluation')
    .map(({ shape }, index) => tf.randomNormal(shape, 0, 1, 'float32', index + 7));
  return () =>
    tf.addN(
      model.forward(images, 'training').map((output, index) => tf.sum(tf.mul(output, weights[index] as tf.Tensor))),
    );
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('cross-stitch networks', () => {
  const model = { name: 'cross-stitch', encoder: plain };

  it.each([plain, resnet])('whose units are identities are separate networks, for $name encoders', (encoder) => {
    const stitched = build({ ...model, encoder, own: 1 });
    // Another first value for each parameter of each encoder, the same in the network of that task alone.
    for (const task of [semantic, depth]) {
      const alone = build({ name: 'hard-sharing', encoder }, [task]);
      for (const { name, variable } of alone.parameters) {
        const twin = variableOf(stitched, name.replace(/^encoder/, `encoders/${task.name}`));
        const value = tf.randomNormal(variable.shape, 0, 0.2, 'float32', name.length + task.name.length);
        variable.assign(value);
        twin.assign(value);
      }
      const own = outputsOf(stitched)[task === semantic ? 0 : 1] ?? [];
      expect(own).toEqual(outputsOf(alone)[0]);
      alone.dispose();
    }
    stitched.dispose();
  });

  it('start as hard sharing does, whatever their units start with', () => {
    const shared = build({ name: 'hard-sharing', encoder: plain }, [semantic, depth, normals]);
    for (const own of [0.2, 0.9]) {
      for (const units of ['channel', 'block']) {
        const stitched = build({ ...model, own, units }, [semantic, depth, normals]);
        outputsOf(stitched).forEach((output, task) => expectClose(output, outputsOf(shared)[task] ?? []));
        stitched.dispose();
      }
    }
  });

  it('mix the features of all tasks, each channel on its own', () => {
    const stitched = build({ ...model, own: 0.75 }, [semantic, depth, normals]);
    const unit = values(variableOf(stitched, 'stitch/1'));
    expect(unit).toHaveLength(3 * 3 * 4);
    // α from own and from each other: 0.75 and 0.125.
    expect(unit.slice(0, 12)).toEqual([0.75, 0.75, 0.75, 0.75, ...new Array<number>(8).fill(0.125)]);
    expect(values(variableOf(build({ ...model, units: 'block' }), 'stitch/4'))).toHaveLength(4);
  });

  it('let a task see another’s encoder through the unit alone', () => {
    const stitched = build(model);
    const before = outputsOf(stitched);
    variableOf(stitched, 'encoders/depth/1/filter').assign(tf.zeros([3, 3, 12, 4]));
    expect(outputsOf(stitched)[0]).not.toEqual(before[0]);
    for (const block of [1, 2, 3, 4]) {
      const name = `stitch/${String(block)}`;
      const { size } = variableOf(stitched, name);
      const own = Array.from({ length: size }, (_, at) => Number([0, 3].includes(Math.floor((4 * at) / size))));
      variableOf(stitched, name).assign(tf.tensor1d(own));
    }
    const alone = build({ name: 'hard-sharing', encoder: plain }, [semantic]);
    expectClose(outputsOf(stitched)[0] ?? [], outputsOf(alone)[0] ?? []);
  });

  it('have the gradient of finite differences in units, encoders and heads', () => {
    const stitched = build(model);
    // Encoders that differ, or a unit's gradient does not tell its inputs apart.
    for (const { name, shape, variable } of stitched.parameters) {
      if (!name.startsWith('encoders/depth')) continue;
      variable.assign(tf.add<tf.Tensor>(variable, tf.randomNormal([...shape], 0, 0.1, 'float32', 3)));
    }
    expectGradients(stitched, linearForm(stitched));
  });

  it('count an encoder for each task, and each unit’s products', () => {
    const stitched = build(model);
    const shared = build({ name: 'hard-sharing', encoder: plain });
    const sizeOf = (group: string): number =>
      shared.parameters.reduce((sum, one) => sum + (one.group === group ? one.variable.size : 0), 0);
    expect(stitched.parameterCount).toBe(shared.parameterCount + sizeOf('encoder') + 4 * (4 + 6 + 8 + 8));
    const alone = build({ name: 'hard-sharing', encoder: plain }, [depth]);
    const both = build({ name: 'hard-sharing', encoder: plain }, [depth, { ...depth, name: 'again' }]);
    const head = both.multiplyAdds(input) - alone.multiplyAdds(input);
    const units = 4 * (4 * 8 * 8 + 6 * 4 * 4 + 8 * 2 * 2 + 8 * 2 * 2);
    expect(build(model).multiplyAdds(input)).toBe(
      shared.multiplyAdds(input) + alone.multiplyAdds(input) - head + units,
    );
  });

  it('keep what a checkpoint needs, by name', () => {
    const stitched = build({ ...model, encoder: resnet });
    const names = Object.keys(stitched.state.variables ?? {});
    expect(names).toEqual(expect.arrayContaining(['stitch/3', 'encoders/depth/2/1/first/mean', 'semantic/up1/filter']));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('multi-task attention networks', () => {
  const model = { name: 'mtan', encoder: resnet };

  it.each([resnet, { name: 'depthwise', channels: [4, 6, 8, 8], units: 2 }])(
    'whose masks are ones are hard sharing, for $name encoders',
    (encoder) => {
      const attended = build({ ...model, encoder });
      const shared = build({ name: 'hard-sharing', encoder });
      for (const { name, variable } of attended.parameters) {
        // What h puts out before the sigmoid: a scale of nothing and a shift that gives a sigmoid of 1.
        if (name.endsWith('h/scale')) variable.assign(tf.zerosLike(variable));
        if (name.endsWith('h/shift')) variable.assign(tf.fill(variable.shape, 40));
      }
      expect(outputsOf(attended)).toEqual(outputsOf(shared));
    },
  );

  it('mask each channel and place between 0 and 1, otherwise for each task', () => {
    const layer = attentionMask({ name: 'one', from: 8, channels: 4, momentum: 0.9 });
    const values = Object.fromEntries(
      [...layer.parameters, ...layer.state].map(({ name, shape }) => {
        const deviation = name.endsWith('variance') ? 0 : 1;
        return [name, tf.variable(tf.randomNormal([...shape], 1, deviation, 'float32', name.length))];
      }),
    );
    const named = (name: string): tf.Variable => values[name] as tf.Variable;
    const seen = tf.randomNormal<tf.Rank.R4>([2, 6, 6, 8], 0, 3, 'float32', 1);
    const mask = layer.apply(seen, scopeOf({ parameter: named, state: named }, 'evaluation'));
    expect(mask.shape).toEqual([2, 6, 6, 4]);
    const [least, most] = [tf.min(mask).dataSync()[0] ?? NaN, tf.max(mask).dataSync()[0] ?? NaN];
    expect(least).toBeGreaterThanOrEqual(0);
    expect(most).toBeLessThanOrEqual(1);
    expect(most - least).toBeGreaterThan(0.5);
  });

  it('let a task’s mask change that task alone', () => {
    const attended = build(model);
    const before = outputsOf(attended);
    const shift = variableOf(attended, 'depth/attention/1/h/shift');
    shift.assign(tf.fill(shift.shape, -3));
    const after = outputsOf(attended);
    expect(after[0]).toEqual(before[0]);
    expect(after[1]).not.toEqual(before[1]);
  });

  it('hand attended features from block to block through layers that all tasks share', () => {
    const attended = build(model);
    const before = outputsOf(attended);
    const filter = variableOf(attended, 'attention/1/f/filter');
    filter.assign(tf.zerosLike(filter));
    outputsOf(attended).forEach((output, task) => expect(output).not.toEqual(before[task]));
    // From 4 to 6 and from 6 to 8 channels.
    const shapes = attended.parameters.filter(({ group, shape }) => group === 'attention' && shape.length === 4);
    expect(shapes.map(({ shape }) => shape)).toEqual([
      [3, 3, 4, 6],
      [3, 3, 6, 8],
    ]);
  });

  it('have the gradient of finite differences in what attention adds', () => {
    const attended = build(model);
    // Statistics of the batch make every number depend on every other; fixed ones leave the slopes steeper than the noise.
    const weights = attended
      .forward(images, 'evaluation')
      .map((output) => tf.randomNormal(output.shape, 0, 1, 'float32', 9));
    const objective = (): tf.Scalar =>
      tf.addN(attended.forward(images, 'evaluation').map((y, task) => tf.sum(tf.mul(y, weights[task] as tf.Tensor))));
    expectGradients(attended, objective, ({ name }) => /attention/.test(name));
  });

  it('are refused on an encoder whose blocks have one layer', () => {
    expect(faultOfEncoder(modelConfig.parse({ name: 'mtan' }), [])).toMatch(/2 layers or more.*found plain with 1/);
    expect(faultOfEncoder(modelConfig.parse({ name: 'mtan', encoder: { name: 'resnet', units: 1 } }), [])).toMatch(
      /resnet/,
    );
    expect(faultOfEncoder(modelConfig.parse({ name: 'mtan', encoder: { name: 'resnet' } }), [])).toBeUndefined();
    expect(faultOfEncoder(modelConfig.parse({ name: 'cross-stitch' }), [])).toBeUndefined();
  });
});
