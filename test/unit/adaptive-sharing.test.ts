import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { modelConfig } from '../../services/shared/catalog/models.js';
import {
  branchAffinities,
  cheapestGrouping,
  separationCost,
  taskAffinities,
} from '../../services/worker/models/adaptive/grouping.js';
import { Routing } from '../../services/worker/models/adaptive/routing.js';
import type { Model, ModelTask } from '../../services/worker/models/model.js';
import { architectureOf, buildModel } from '../../services/worker/models/registry.js';

// Three tasks on four samples. Means 2.5, 17.5 and 2: hard are (–, –, 3, 4), (–, –, 20, 30) and (5, –, –, –).
const losses = [
  [1, 2, 3, 4],
  [10, 10, 20, 30],
  [5, 1, 1, 1],
];
// The first two agree on all samples, the third with either on the second sample alone.
const affinities = [
  [1, 1, 0.25],
  [1, 1, 0.25],
  [0.25, 0.25, 1],
];

describe('grouping of tasks', () => {
  it('has the affinities that were worked out by hand', () => {
    expect(taskAffinities(losses)).toEqual(affinities);
    // Of the branch of tasks 0 and 2 to that of task 1: (1 + 0.25) / 2, and back min(1, 0.25).
    expect(branchAffinities(affinities, [[0, 2], [1]])[0]?.[1]).toBeCloseTo((0.625 + 0.25) / 2);
  });

  it('costs what was worked out by hand', () => {
    expect(separationCost(affinities, [[0, 1, 2]])).toBeCloseTo(0.75);
    expect(separationCost(affinities, [[0, 1], [2]])).toBe(0);
    // The group of 0 and 2 loses 0.75, the other nothing.
    expect(separationCost(affinities, [[0, 2], [1]])).toBeCloseTo(0.375);
  });

  it('parts tasks that differ where a branch is worth it', () => {
    expect(cheapestGrouping(affinities, { branch: 0.1 })).toEqual([[0, 1], [2]]);
    expect(cheapestGrouping(affinities, { branch: 0.8 })).toEqual([[0, 1, 2]]);
    const strangers = [0, 1, 2].map((row) => [0, 1, 2].map((column) => Number(row === column)));
    expect(cheapestGrouping(strangers, { branch: 0.1 })).toEqual([[0], [1], [2]]);
    const friends = strangers.map((row) => row.map(() => 1));
    expect(cheapestGrouping(friends, { branch: 1e-6 })).toEqual([[0, 1, 2]]);
  });
});

describe('routing', () => {
  it('branches from the last block to the first, as far as branches meet', () => {
    const routing = new Routing(3, 4);
    expect(routing.junction).toBe(2);
    expect(routing.branches()).toEqual([[0], [1], [2], [3]]);
    expect(routing.branch([[0, 2], [1], [3]])).toEqual([1, 3]);
    expect(routing.junction).toBe(1);
    expect(routing.branches()).toEqual([[0, 2], [1], [3]]);
    expect(routing.branch([[0, 2], [1]])).toEqual([1]);
    expect([0, 1, 2, 3].map((task) => routing.copyOf(1, task))).toEqual([0, 1, 0, 0]);
    expect(routing.branch([[0, 1]])).toEqual([]);
    expect(routing.junction).toBeUndefined();
    expect([0, 1, 2].map((block) => routing.copiesOf(block).length)).toEqual([1, 2, 3]);
  });

  it('is written down and read again', () => {
    const [routing, other] = [new Routing(3, 3), new Routing(3, 3)];
    routing.branch([[0, 1], [2]]);
    other.numbers.write(routing.numbers.read());
    expect(other.numbers.read()).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    expect(other.junction).toBe(1);
    expect(other.branches()).toEqual(routing.branches());
  });
});

describe('fully-adaptive feature sharing', () => {
  const input = { height: 16, width: 16, channels: 3 };
  const tasks: ModelTask[] = ['one', 'two', 'three'].map((name) => ({ name, output: 'map', outputChannels: 1 }));
  const encoder = { name: 'resnet', channels: [8, 12, 16], units: 1 };
  const build = (config: object): Model =>
    buildModel(architectureOf(modelConfig.parse({ head: 4, ...config }), input, tasks), 1, 1e6);
  const images = tf.randomUniform<tf.Rank.R4>([2, 16, 16, 3], 0, 1, 'float32', 1);
  const outputsOf = (model: Model): number[][] =>
    model.forward(images, 'evaluation').map((output) => Array.from(output.dataSync()));
  const thin = { name: 'hard-sharing', encoder: { ...encoder, channels: [4, 6, 8] } };
  const adaptive = { name: 'adaptive', encoder, width: 0.5, samples: 4 };
  const measured = (samples: number): Promise<number[][]> => {
    expect(samples).toBe(4);
    return Promise.resolve(losses);
  };
  /** What one block costs. */
  const costOf = (model: Model, block: number): number =>
    model.parameters
      .filter(({ name }) => name.startsWith(`encoders/one/${String(block)}/`))
      .reduce((sum, { variable }) => sum + variable.size, 0);

  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('starts as hard sharing of a thin encoder', () => {
    const [model, shared] = [build(adaptive), build(thin)];
    expect(outputsOf(model)).toEqual(outputsOf(shared));
    expect(model.usedParameters()).toBe(shared.parameterCount);
    expect(model.multiplyAdds(input)).toBe(shared.multiplyAdds(input));
    expect(model.parameterCount).toBeGreaterThan(shared.parameterCount);
  });

  it('widens block by block, by copies that change no output at first', async () => {
    const model = build({ ...adaptive, every: 2 });
    // Statistics as they are after some training.
    model.forward(images, 'training');
    const before = { outputs: outputsOf(model), parameters: model.usedParameters(), spent: model.multiplyAdds(input) };
    expect(await model.afterEpoch?.(1, measured)).toEqual([]);
    const lines = await model.afterEpoch?.(2, measured);
    expect(lines?.[1]).toBe('block 3 branches into 2: one + two | three');
    expect(outputsOf(model)).toEqual(before.outputs);
    expect(model.usedParameters()).toBe(before.parameters + costOf(model, 3));
    expect(model.multiplyAdds(input)).toBeGreaterThan(before.spent);
    expect((await model.afterEpoch?.(4, measured))?.[1]).toBe('block 2 branches into 2: one + two | three');
    expect(model.usedParameters()).toBe(before.parameters + costOf(model, 3) + costOf(model, 2));
    // The copies are their own: what trains the one leaves the other.
    const moved = model.state.variables?.['encoders/three/2/1/first/filter'] as tf.Variable;
    moved.assign(tf.zerosLike(moved));
    const after = outputsOf(model);
    expect(after.slice(0, 2)).toEqual(before.outputs.slice(0, 2));
    expect(after[2]).not.toEqual(before.outputs[2]);
  });

  it('stops where all that meets stays together', async () => {
    const model = build({ ...adaptive, branchCost: 1 });
    const before = model.usedParameters();
    expect((await model.afterEpoch?.(1, measured))?.[1]).toBe('block 3 branches into 1: one + two + three');
    expect(await model.afterEpoch?.(2, measured)).toEqual([]);
    expect(model.usedParameters()).toBe(before);
  });

  it('goes on from what a checkpoint holds', async () => {
    const [model, other] = [build(adaptive), build(adaptive)];
    await model.afterEpoch?.(1, measured);
    const filter = model.state.variables?.['encoders/three/3/1/first/filter'] as tf.Variable;
    filter.assign(tf.randomNormal(filter.shape, 0, 0.1, 'float32', 2));
    for (const [name, variable] of Object.entries(model.state.variables ?? {}))
      other.state.variables?.[name]?.assign(variable);
    for (const [name, numbers] of Object.entries(model.state.numbers ?? {}))
      other.state.numbers?.[name]?.write(numbers.read());
    expect(outputsOf(other)).toEqual(outputsOf(model));
    expect(other.usedParameters()).toBe(model.usedParameters());
  });
});
