import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { gradientSpaces, type GradientSpace } from '../../services/shared/catalog/weighting-options.js';
import { models } from '../../services/shared/catalog/models.js';
import { trialConfig } from '../../services/shared/trial-config.js';
import { noState } from '../../services/worker/trainer/part-state.js';
import type { SharedModel } from '../../services/worker/models/model.js';
import { gradientStep } from '../../services/worker/trainer/gradient-step.js';
import { lossesOf, openBatch, type StepBatch } from '../../services/worker/trainer/step-batch.js';
import { trainStep } from '../../services/worker/trainer/step.js';
import { openTrial, type Trial } from '../../services/worker/trainer/trial.js';
import type { GradientWeighting, TaskGradients } from '../../services/worker/weighting/weighting.js';
import { toyKinds, toyWorkload } from '../helpers/toy-workload.js';

const tasks = ['semantic', 'depth'];
const indices = [0, 1, 2];
const workload = toyWorkload(8);

const hardSharing = { name: 'hard-sharing' as const, encoder: [4, 6, 8, 8], head: 4 };
const crossStitch = { ...hardSharing, name: 'cross-stitch' as const };

function open(weighting: Record<string, unknown>, optimizer = 'sgd', model: object = hardSharing): Trial {
  const config = trialConfig.parse({
    version: 1,
    workload: 'street-scenes',
    data: {},
    tasks,
    weighting,
    model,
    optimizer: { name: optimizer, learningRate: 1, ...(optimizer === 'sgd' ? { momentum: 0 } : {}) },
    epochs: 1,
    batchSize: 3,
    seed: 5,
    limits: { parameters: 200_000, stallSeconds: 60 },
  });
  return openTrial(config, workload, toyKinds);
}

/** Takes down what it is given and combines as it is told. */
function spy(space: GradientSpace, combination: { shared: number[]; heads: number[] }) {
  const seen: TaskGradients[] = [];
  const weighting: GradientWeighting = {
    needs: 'task-gradients',
    space,
    variables: [],
    state: noState,
    regressionError: 'absolute',
    combineGradients: (step) => {
      seen.push(step);
      return combination;
    },
    describe: () => Promise.resolve([]),
    dispose: () => undefined,
  };
  return { weighting, seen };
}

const values = (tensor: tf.Tensor): number[] => Array.from(tensor.dataSync());
const flat = (tensors: readonly tf.Tensor[]): number[] => tensors.flatMap(values);
const product = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
const parametersOf = (trial: Trial): number[] => flat(trial.model.parameters.map(({ variable }) => variable));

/** The gradient of one task's loss in every parameter, by a pass of its own. */
function separately(trial: Trial, batch: StepBatch, task: number): Map<string, number[]> {
  const { grads } = tf.variableGrads(
    () => lossesOf(trial, batch, trial.model.forward(batch.images, 'training'))[task]?.trained as tf.Scalar,
    trial.model.parameters.map(({ variable }) => variable),
  );
  const zeros = (size: number): number[] => new Array<number>(size).fill(0);
  return new Map(
    trial.model.parameters.map(({ name, variable }) => {
      const gradient = (grads as Partial<typeof grads>)[variable.name];
      return [name, gradient === undefined ? zeros(variable.size) : values(gradient)];
    }),
  );
}

/** The parameters before a step minus those after it, by name: with a learning rate of 1 the combined gradient. */
async function moved(trial: Trial, weighting: GradientWeighting): Promise<Map<string, number[]>> {
  const before = new Map(trial.model.parameters.map(({ name, variable }) => [name, values(variable)]));
  const batch = openBatch(trial, indices);
  (await gradientStep(trial, weighting, batch, 1)).dispose();
  tf.dispose([batch.images, batch.targets]);
  return new Map(
    trial.model.parameters.map(({ name, variable }) => {
      const after = values(variable);
      return [name, (before.get(name) ?? []).map((value, index) => value - (after[index] ?? 0))];
    }),
  );
}

function expectClose(actual: readonly number[], expected: readonly number[], what: string, tolerance = 1e-4): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Math.sqrt(product(expected, expected)) || 1;
  const distance = Math.sqrt(actual.reduce((sum, value, index) => sum + (value - (expected[index] ?? 0)) ** 2, 0));
  expect(distance / scale, what).toBeLessThan(tolerance);
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const mtan = { ...hardSharing, name: 'mtan' as const, encoder: { name: 'resnet', channels: [4, 6], units: 2 } };

const pairs = [hardSharing, crossStitch, mtan].flatMap((model) =>
  models[model.name].gradients.map((space): [GradientSpace, typeof model] => [space, model]),
);

describe.each(pairs)('gradients on the %s, in one forward pass of %j', (space, model) => {
  it('move every parameter as separate passes for each task would', async () => {
    const trial = open({ method: 'pcgrad' }, 'sgd', model);
    const batch = openBatch(trial, indices);
    const alone = tasks.map((_, task) => separately(trial, batch, task));
    const combination = { shared: [0.3, -1.7], heads: [1, 0.25] };
    const update = await moved(trial, spy(space, combination).weighting);
    for (const { name, group } of trial.model.parameters) {
      const weights = tasks.includes(group) ? combination.heads : combination.shared;
      const expected = (alone[0]?.get(name) ?? []).map((value, index) => {
        return (weights[0] ?? 0) * value + (weights[1] ?? 0) * (alone[1]?.get(name)?.[index] ?? 0);
      });
      // Normalisation loses digits: what it subtracts is most of what there is.
      expectClose(update.get(name) ?? [], expected, name, model.name === 'mtan' ? 1e-3 : 1e-4);
    }
    trial.dispose();
  });

  it('tell the losses and the inner products of what they are taken on', async () => {
    const trial = open({ method: 'pcgrad' }, 'sgd', model);
    const batch = openBatch(trial, indices);
    const shared = trial.model.shared as SharedModel;
    const { split } = shared;
    const losses = lossesOf(trial, batch, trial.model.forward(batch.images, 'training')).map(
      ({ shown }) => values(shown)[0],
    );
    const vectors = tasks.map((name, task) => {
      if (split !== undefined && space === 'representation') {
        const features = split.encode(batch.images, 'training');
        // The heads alone, as a function of all that they are handed.
        const gradients = tf.grads((...handed: tf.Tensor[]) => {
          const outputs = tasks.map((other) => split.decode(handed as tf.Tensor4D[], other, 'training'));
          return lossesOf(trial, batch, outputs)[task]?.trained as tf.Scalar;
        })(features);
        return flat(gradients);
      }
      const named = separately(trial, batch, task);
      const listed = space === 'parameters' ? shared.parameters : shared.lastLayer;
      expect(listed.length, name).toBeGreaterThan(0);
      return listed.flatMap((parameter) => named.get(parameter.name) ?? []);
    });
    const { weighting, seen } = spy(space, { shared: [1, 1], heads: [1, 1] });
    await moved(trial, weighting);
    expect(seen).toHaveLength(1);
    expectClose(seen[0]?.losses ?? [], losses as number[], 'losses');
    expect(seen[0]?.factors).toEqual([1, 1]);
    vectors.forEach((one, i) =>
      vectors.forEach((other, j) => {
        const scale = Math.sqrt(product(one, one) * product(other, other));
        expect(((seen[0]?.gram[i]?.[j] ?? Number.NaN) - product(one, other)) / scale).toBeCloseTo(0, 5);
      }),
    );
    trial.dispose();
  });

  it('leave no tensor behind but the losses', async () => {
    const trial = open({ method: 'pcgrad' }, 'sgd', model);
    const batch = openBatch(trial, indices);
    const before = tf.memory().numTensors;
    const losses = await gradientStep(trial, spy(space, { shared: [1, 1], heads: [1, 1] }).weighting, batch, 0.1);
    expect(tf.memory().numTensors).toBe(before + 1);
    losses.dispose();
    tf.dispose([batch.images, batch.targets]);
    trial.dispose();
  });
});

describe('per-task gradients', () => {
  it('are those of finite differences', async () => {
    const trial = open({ method: 'pcgrad' });
    const batch = openBatch(trial, indices);
    for (const [task, name] of tasks.entries()) {
      const shared = tasks.map((_, other) => Number(other === task));
      const direction = await moved(trial, spy('parameters', { shared, heads: [0, 0] }).weighting);
      // That step moved the parameters; go back.
      const restore = trial.model.parameters.map(({ name: parameter, variable }) => {
        const step = tf.tensor(direction.get(parameter) ?? [], variable.shape);
        variable.assign(tf.add(variable, step));
        return { variable, start: tf.clone(variable), step };
      });
      const length = Math.sqrt([...direction.values()].reduce((sum, one) => sum + product(one, one), 0));
      const lossAt = (t: number): number => {
        restore.forEach(({ variable, start, step }) => variable.assign(tf.add(start, tf.mul(step, t / length))));
        return (
          values(
            lossesOf(trial, batch, trial.model.forward(batch.images, 'training'))[task]?.trained as tf.Scalar,
          )[0] ?? NaN
        );
      };
      const h = 1e-2;
      expect((lossAt(h) - lossAt(-h)) / (2 * h) / length, name).toBeCloseTo(1, 1);
      lossAt(0);
    }
    trial.dispose();
  });

  it('with all weights 1 train like the sum of the losses', async () => {
    const sum = open({ method: 'fixed', weights: { semantic: 1, depth: 1 } }, 'adam');
    (await trainStep(sum, indices, 0.01)).dispose();
    const combined = open({ method: 'pcgrad' }, 'adam');
    const batch = openBatch(combined, indices);
    (
      await gradientStep(combined, spy('representation', { shared: [1, 1], heads: [1, 1] }).weighting, batch, 0.01)
    ).dispose();
    const difference = parametersOf(sum).map((value, index) => value - (parametersOf(combined)[index] ?? NaN));
    // Adam divides by the size of a gradient, so that the few of almost 0 may differ.
    expect(difference.filter((one) => Math.abs(one) > 1e-4).length / difference.length).toBeLessThan(0.01);
    sum.dispose();
    combined.dispose();
  });

  it('that are no numbers do not reach the weighting', async () => {
    const trial = open({ method: 'nash-mtl' });
    const { weighting, seen } = spy('parameters', { shared: [1, 1], heads: [1, 1] });
    trial.model.parameters[0]?.variable.assign(tf.fill(trial.model.parameters[0].variable.shape, Number.NaN));
    await moved(trial, weighting);
    expect(seen).toEqual([]);
    trial.dispose();
  });
});

describe('a mask on the gradients', () => {
  it('changes the update of the shared part alone, and tells what is left', async () => {
    const trial = open({ method: 'pcgrad' });
    const combination = { shared: [1, 1], heads: [1, 1] };
    const plain = await moved(trial, spy('representation', combination).weighting);
    trial.dispose();
    const again = open({ method: 'pcgrad' });
    const { weighting, seen } = spy('representation', combination);
    const halved = await moved(again, {
      ...weighting,
      maskGradients: (gradients) => ({
        gradients: tf.mul(gradients, 0.5),
        left: tf.fill([tasks.length], 0.25),
      }),
    });
    for (const { name, group } of again.model.parameters) {
      const factor = group === 'encoder' ? 0.5 : 1;
      const expected = (plain.get(name) ?? []).map((value) => factor * value);
      expectClose(halved.get(name) ?? [], expected, name);
    }
    expect(seen[0]?.factors).toEqual(tasks.map(() => 0.25));
    again.dispose();
  });
});

describe('a device that can be read asynchronously only', () => {
  it('gets the same update by a row for each task, added up afterwards', async () => {
    tf.registerBackend('webgpu', () => new MathBackendCPU());
    tf.copyRegisteredKernels('cpu', 'webgpu');
    const step = async (backend: string, space: GradientSpace): Promise<number[]> => {
      await tf.setBackend(backend);
      const trial = open({ method: 'pcgrad' });
      const update = await moved(trial, spy(space, { shared: [0.3, -1.7], heads: [1, 1] }).weighting);
      trial.dispose();
      return [...update.values()].flat();
    };
    for (const space of gradientSpaces) {
      expectClose(await step('webgpu', space), await step('cpu', space), space);
    }
    await tf.setBackend('cpu');
  });
});

describe('an architecture that lacks what a weighting compares gradients on', () => {
  it('is refused before anything is built, and trained under others', () => {
    const before = tf.memory().numTensors;
    const refused = { method: 'mgda', gradients: 'representation' };
    expect(() => open(refused, 'sgd', crossStitch)).toThrow(
      expect.objectContaining({
        code: 'WEIGHTING_UNSUPPORTED',
        message: expect.stringMatching(
          /mgda needs .* shared representation, which cross-stitch does not have/,
        ) as string,
      }),
    );
    expect(tf.memory().numTensors).toBe(before);
    open({ method: 'mgda', gradients: 'parameters' }, 'sgd', crossStitch).dispose();
    open({ method: 'famo' }, 'sgd', crossStitch).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
