import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoderNames } from '../../services/shared/catalog/encoders.js';
import { modelNames } from '../../services/shared/catalog/models.js';
import { weightingNames, weightings, type WeightingInfo } from '../../services/shared/catalog/weightings.js';
import { streetScenesOptions } from '../../services/shared/catalog/workloads.js';
import { trialConfig } from '../../services/shared/trial-config.js';
import { openBackend } from '../../services/worker/backends/choose.js';
import { sampleLosses } from '../../services/worker/trainer/evaluate.js';
import { trainStep } from '../../services/worker/trainer/step.js';
import { openTrial } from '../../services/worker/trainer/trial.js';
import { predictive } from '../../services/worker/trainer/uncertainty/predictive.js';
import { taskKindImplementations, workloadImplementations } from '../../services/worker/workloads/registry.js';
import type { OpenWorkload } from '../../services/worker/workloads/workload.js';
import { gradientCases } from '../helpers/gradient-cases.js';
import { kindsWorkload, type KindsOfTasks } from '../helpers/kinds-workload.js';
import { cases, inputsOf } from './cases.js';

/**
 * Steps of every architecture, encoder, optimizer and weighting on wasm, also with dropout and predicted noise, what the
 * architecture does between epochs, and predictions: they run no kernel that the conformance suite does not check, and leave
 * nothing in memory.
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
  readonly uncertainty?: object;
  /** Of the tasks, where they are not those of street scenes. */
  readonly kinds?: KindsOfTasks;
}

const weights = Object.fromEntries(tasks.map((task) => [task, 1]));
const channels = [8, 8, 8];

const variants: readonly Variant[] = [
  ...modelNames.map((name) => ({
    name: `architecture ${name}`,
    model: { name, encoder: { name: 'resnet', channels, units: 2 }, head: 8 },
  })),
  ...modelNames.map((name) => ({
    name: `architecture ${name}, with dropout and predicted noise`,
    model: { name, encoder: { name: 'resnet', channels, units: 2 }, head: 8 },
    uncertainty: { heteroscedastic: ['semantic', 'depth'], logitSamples: 2, dropout: { rate: 0.2, passes: 2 } },
  })),
  {
    name: 'dropout and predicted noise under gradients',
    weighting: { method: 'pcgrad' },
    uncertainty: { heteroscedastic: ['semantic', 'depth'], dropout: { rate: 0.2, passes: 2 } },
  },
  // Channels enough for Winograd's algorithm.
  { name: 'wide layers', model: { name: 'hard-sharing', encoder: [16, 16, 16, 16], head: 16 } },
  // No task of the dense network says something of each pixel.
  ...encoderNames.map((name) => ({
    name: `encoder ${name}`,
    model: { name: 'hard-sharing', encoder: { name, channels }, head: 8 },
    ...(name === 'dense'
      ? { kinds: { semantic: 'classification', instance: 'multi-label', depth: 'regression' } as const }
      : {}),
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
    const opened = variant.kinds === undefined ? workload : kindsWorkload(variant.kinds);
    const config = trialConfig.parse({
      version: 1,
      workload: 'street-scenes',
      data,
      tasks,
      uncertainty: variant.uncertainty,
      weighting: variant.weighting ?? { method: 'equal' },
      model: variant.model ?? { name: 'hard-sharing', encoder: channels, head: 8 },
      optimizer: variant.optimizer ?? { name: 'adam' },
      epochs: 1,
      batchSize: 2,
      seed: 1,
      limits: { parameters: 1_000_000, stallSeconds: 60 },
    });
    const trial = openTrial(config, opened, taskKindImplementations);
    const step = async (first: number): Promise<void> => {
      (await trainStep(trial, [first, first + 1], 0.001)).dispose();
    };
    // What is made on the first step stays.
    await step(0);
    const before = memory();
    for (const first of [2, 0, 2]) await step(first);
    expect(memory()).toEqual(before);
    const between = async (): Promise<void> => {
      const batch = opened.splits.test.batch([0], tasks);
      await predictive(trial, batch, { split: 'test', start: 0, noises: [] });
      await trial.model.afterEpoch?.(1, (samples) => sampleLosses(trial, samples, () => Promise.resolve()));
    };
    const kernels = await kernelsOf(async () => {
      await step(0);
      await between();
      await step(2);
    });
    expect(kernels).toContain('Conv2DBackpropFilter');
    expect([...new Set(kernels)].filter((kernel) => !covered.has(kernel))).toEqual([]);
    await trial.weighting.describe();
    trial.dispose();
    expect(memory()).toEqual(empty);
  });
});
