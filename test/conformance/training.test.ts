import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoders } from '../../services/shared/catalog/encoders.js';
import { modelNames } from '../../services/shared/catalog/models.js';
import { weightingNames, weightings, type WeightingInfo } from '../../services/shared/catalog/weightings.js';
import { streetScenesOptions } from '../../services/shared/catalog/workloads.js';
import { trialConfig } from '../../services/shared/trial-config.js';
import { openBackend } from '../../services/worker/backends/choose.js';
import { trainStep } from '../../services/worker/trainer/step.js';
import { openTrial } from '../../services/worker/trainer/trial.js';
import { taskKindImplementations, workloadImplementations } from '../../services/worker/workloads/registry.js';
import type { OpenWorkload } from '../../services/worker/workloads/workload.js';
import { gradientCases } from '../helpers/gradient-cases.js';
import { cases, inputsOf } from './cases.js';

/**
 * A step of every architecture, encoder, optimizer and weighting on wasm: it runs no kernel that the conformance suite
 * does not check, and leaves nothing in memory.
 */
const tasks = ['semantic', 'instance', 'depth'];
const data = streetScenesOptions.parse({ train: 8, validation: 1, test: 1, height: 16, width: 16 });

/** Kernels that have a test against their definition elsewhere. */
const checkedElsewhere = {
  'sigmasweep/Adam': 'test/unit/kernels-fused.test.ts, test/unit/optimizers.test.ts',
  'sigmasweep/Split': 'test/unit/kernels-fused.test.ts',
};

interface Variant {
  readonly name: string;
  readonly model?: object;
  readonly optimizer?: object;
  readonly weighting?: object;
}

const weights = Object.fromEntries(tasks.map((task) => [task, 1]));
const channels = [8, 8, 8];

const variants: readonly Variant[] = [
  ...modelNames.map((name) => ({
    name: `architecture ${name}`,
    model: { name, encoder: { name: 'resnet', channels, units: 2 }, head: 8 },
  })),
  // Channels enough for Winograd's algorithm.
  { name: 'wide layers', model: { name: 'hard-sharing', encoder: [16, 16, 16, 16], head: 16 } },
  // A dense network takes rows of numbers, not pictures.
  ...Object.keys(encoders)
    .filter((name) => name !== 'dense')
    .map((name) => ({
      name: `encoder ${name}`,
      model: { name: 'hard-sharing', encoder: { name, channels }, head: 8 },
    })),
  ...['adam', 'adamw', 'sgd'].map((name) => ({
    name: `optimizer ${name}, with clipping, decay and rates by group`,
    optimizer: { name, clipNorm: 1, clipValue: 0.5, weightDecay: 0.01, learningRates: { encoder: 0.5 } },
  })),
  { name: 'optimizer sgd, Nesterov', optimizer: { name: 'sgd', momentum: 0.9, nesterov: true } },
  ...weightingNames.flatMap((method) => {
    const { options }: WeightingInfo = weightings[method];
    const spaces = ['parameters', 'last-layer', 'representation'].filter(
      (gradients) => options.safeParse({ gradients }).success,
    );
    const weighting = method === 'fixed' ? { method, weights } : { method };
    return [
      { name: `weighting ${method}`, weighting },
      ...spaces.map((gradients) => ({
        name: `weighting ${method}, gradients on the ${gradients}`,
        weighting: { method, gradients },
      })),
    ];
  }),
];

const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-training-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let workload: OpenWorkload;
let covered: ReadonlySet<string>;

async function kernelsOf(run: () => unknown): Promise<string[]> {
  const { kernels, result } = await tf.profile(async () => {
    await run();
    return tf.scalar(0);
  });
  tf.dispose(result);
  return kernels.map(({ name }) => name);
}

/** What the conformance suite computes, results and gradients. */
function computeCases(): void {
  for (const test of cases) {
    tf.tidy(() => {
      const tensors = inputsOf(test).map(({ shape, values }) => tf.tensor(Float32Array.from(values), [...shape]));
      test.tensors(...tensors);
      if (test.forwardOnly !== true) tf.grads(test.tensors)(tensors);
    });
  }
  for (const { shapes, operation } of gradientCases) {
    tf.tidy(() => tf.grads(operation)(shapes.map((shape) => tf.ones(shape))));
  }
}

beforeAll(async () => {
  workload = await workloadImplementations['street-scenes'].open(data, { cacheFolder: folder });
  await openBackend('wasm');
  covered = new Set([...(await kernelsOf(computeCases)), ...Object.keys(checkedElsewhere)]);
});

function memory(): Readonly<Record<'tensors' | 'bytes' | 'data', number>> {
  const { numTensors: tensors, numBytes: bytes } = tf.memory();
  return { tensors, bytes, data: (tf.backend() as unknown as BackendWasm).numDataIds() };
}

describe('a training step', () => {
  it.each(variants)('runs kernels that are checked only, and keeps no tensor: $name', async (variant) => {
    const empty = memory();
    const config = trialConfig.parse({
      version: 1,
      workload: 'street-scenes',
      data,
      tasks,
      weighting: variant.weighting ?? { method: 'equal' },
      model: variant.model ?? { name: 'hard-sharing', encoder: channels, head: 8 },
      optimizer: variant.optimizer ?? { name: 'adam' },
      epochs: 1,
      batchSize: 2,
      seed: 1,
      limits: { parameters: 1_000_000, stallSeconds: 60 },
    });
    const trial = openTrial(config, workload, taskKindImplementations);
    const step = async (first: number): Promise<void> => {
      (await trainStep(trial, [first, first + 1], 0.001)).dispose();
    };
    // What is made on the first step stays.
    await step(0);
    const before = memory();
    for (const first of [2, 4, 6]) await step(first);
    expect(memory()).toEqual(before);
    const kernels = await kernelsOf(() => step(0));
    expect(kernels).toContain('Conv2DBackpropFilter');
    expect([...new Set(kernels)].filter((kernel) => !covered.has(kernel))).toEqual([]);
    await trial.weighting.describe();
    trial.dispose();
    expect(memory()).toEqual(empty);
  });
});
