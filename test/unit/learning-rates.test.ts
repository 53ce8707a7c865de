import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { trialConfig } from '../../services/shared/trial-config.js';
import { trainStep } from '../../services/worker/trainer/step.js';
import { openTrial, type Trial } from '../../services/worker/trainer/trial.js';
import { specFaults } from '../helpers/spec-faults.js';
import { toyKinds, toyWorkload } from '../helpers/toy-workload.js';

const workload = toyWorkload(6);

const plainSgd = { name: 'sgd', learningRate: 0.1, momentum: 0 };
const strongDecay = { name: 'adamw', learningRate: 0.1, weightDecay: 0.5, decay: 'all' };

interface Choice {
  readonly trainBlocks?: number;
  readonly optimizer?: object;
  readonly encoder?: unknown;
  readonly architecture?: string;
}

function open(learningRates: Record<string, number>, method = 'uncertainty', choice: Choice = {}): Trial {
  const { optimizer = plainSgd, encoder = [4, 6, 8, 8], architecture = 'hard-sharing', trainBlocks } = choice;
  const config = trialConfig.parse({
    version: 1,
    workload: 'street-scenes',
    data: {},
    tasks: ['semantic', 'depth'],
    weighting: { method },
    model: { name: architecture, encoder, head: 4 },
    optimizer: { ...optimizer, learningRates },
    ...(trainBlocks === undefined ? {} : { transfer: { file: 'a', trainBlocks } }),
    epochs: 1,
    batchSize: 3,
    seed: 5,
    limits: { parameters: 100_000, stallSeconds: 60 },
  });
  return openTrial(config, workload, toyKinds);
}

const numbers = (variable: tf.Variable): number[] => Array.from(variable.dataSync());

/** How every parameter moved in a few steps, by group. */
async function moves(trial: Trial, steps = 1): Promise<Record<string, number[]>> {
  const groups = [
    ...trial.model.parameters.map(({ group, variable }) => ({ group, variable })),
    ...trial.weighting.variables.map(({ variable }) => ({ group: 'weighting', variable })),
  ];
  const before = groups.map(({ variable }) => numbers(variable));
  for (let step = 0; step < steps; step += 1) (await trainStep(trial, [0, 1, 2], 0.1)).dispose();
  const moved: Record<string, number[]> = {};
  groups.forEach(({ group, variable }, index) => {
    const change = numbers(variable).map((value, place) => value - (before[index]?.[place] ?? 0));
    moved[group] = [...(moved[group] ?? []), ...change];
  });
  trial.dispose();
  return moved;
}

const longest = (values: readonly number[] = []): number => Math.max(...values.map(Math.abs));

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('learning rates of groups', () => {
  it.each(['uncertainty', 'cagrad'])('scale what each group moves in a step: %s', async (method) => {
    const rates: Readonly<Record<string, number>> = { encoder: 0.5, depth: 3, weighting: 0.25 };
    const plain = await moves(open({}, method));
    const scaled = await moves(open(rates, method));
    for (const group of Object.keys(plain)) {
      const rate = rates[group] ?? 1;
      expect(longest(plain[group]), group).toBeGreaterThan(0);
      scaled[group]?.forEach((move, index) => {
        expect(move, group).toBeCloseTo(rate * (plain[group]?.[index] ?? Number.NaN), 5);
      });
    }
  });

  it.each([
    ['encoder', 'uncertainty'],
    ['depth', 'uncertainty'],
    ['weighting', 'uncertainty'],
    ['depth', 'cagrad'],
    ['depth', 'mgda'],
  ])('of 0 freeze %s to the last bit, decay included, under %s', async (frozen, method) => {
    const moved = await moves(open({ [frozen]: 0 }, method, { optimizer: strongDecay }), 3);
    for (const group of Object.keys(moved)) {
      if (group === frozen) expect(longest(moved[group])).toBe(0);
      else expect(longest(moved[group]), group).toBeGreaterThan(0);
    }
  });

  it.each([0, 1])('of %i for the encoder: running statistics move with the parameters, or not at all', async (rate) => {
    const trial = open({ encoder: rate }, 'equal', {
      encoder: { name: 'resnet', channels: [4, 4, 8], units: 1 },
    });
    const statistics = Object.entries(trial.model.state.variables ?? {}).filter(([name]) => /mean|variance/.test(name));
    expect(statistics.length).toBeGreaterThan(0);
    const before = statistics.map(([, variable]) => numbers(variable));
    (await trainStep(trial, [0, 1, 2], 0.1)).dispose();
    statistics.forEach(([name, variable], index) => {
      if (rate === 0) expect(numbers(variable), name).toEqual(before[index]);
      else expect(numbers(variable), name).not.toEqual(before[index]);
    });
    trial.dispose();
  });

  it.each([
    [0, 'equal'],
    [1, 'equal'],
    [1, 'cagrad'],
    [3, 'equal'],
  ])(
    'leave all but the last %i blocks of an encoder as they are, running statistics too, under %s',
    async (count, method) => {
      const trial = open({}, method, {
        encoder: { name: 'resnet', channels: [4, 4, 8], units: 1 },
        optimizer: strongDecay,
        trainBlocks: count,
      });
      const variables = Object.entries(trial.model.state.variables ?? {}).filter(([name]) =>
        name.startsWith('encoder/'),
      );
      const before = variables.map(([, variable]) => numbers(variable));
      for (let step = 0; step < 2; step += 1) (await trainStep(trial, [0, 1, 2], 0.1)).dispose();
      variables.forEach(([name, variable], index) => {
        const block = Number(name.split('/')[1]);
        if (block <= 3 - count) expect(numbers(variable), name).toEqual(before[index]);
        else expect(numbers(variable), name).not.toEqual(before[index]);
      });
      trial.dispose();
    },
  );

  it('say so when nothing is left to train, or nothing to weigh', () => {
    const before = tf.memory().numTensors;
    expect(() => open({ encoder: 0, semantic: 0, depth: 0 })).toThrow(
      expect.objectContaining({ code: 'NOTHING_TRAINED' }) as Error,
    );
    expect(() => open({ encoder: 0 }, 'cagrad')).toThrow(
      expect.objectContaining({ code: 'WEIGHTING_UNSUPPORTED' }) as Error,
    );
    // Its units move, but its last shared layer is the encoder's.
    const stitched = { architecture: 'cross-stitch' };
    open({ encoder: 0 }, 'cagrad', stitched).dispose();
    expect(() => open({ encoder: 0 }, 'gradnorm', stitched)).toThrow(
      expect.objectContaining({ code: 'WEIGHTING_UNSUPPORTED' }) as Error,
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  const faultsOf = (learningRates: object): ReturnType<typeof specFaults> =>
    specFaults({
      name: 'groups',
      workload: 'street-scenes',
      tasks: ['semantic', 'depth'],
      weightings: [{ method: 'uncertainty' }],
      epochs: 1,
      optimizer: { learningRates },
    });

  it('name a group that is there, or the spec is refused with the nearest one', () => {
    expect(faultsOf({ encoder: 1, depth: 0.5, weighting: 10 })).toEqual([]);
    expect(faultsOf({ encodr: 1 })).toEqual([
      {
        path: 'optimizer.learningRates.encodr',
        message: expect.stringMatching(/group of parameters; did you mean 'encoder'\?.*depth/) as string,
      },
    ]);
    // A task of the workload, but not of this sweep.
    expect(faultsOf({ instance: 1 })[0]?.path).toBe('optimizer.learningRates.instance');
    expect(faultsOf({ depth: -1 })[0]?.message).toMatch(/at least 0/);
  });

  it('are refused where a task would train nothing at all', () => {
    expect(faultsOf({ encoder: 0, depth: 0 })).toEqual([
      { path: 'optimizer.learningRates.depth', message: expect.stringContaining('train nothing') as string },
    ]);
    expect(faultsOf({ depth: 0 })).toEqual([]);
  });
});
