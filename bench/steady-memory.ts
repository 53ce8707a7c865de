import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { streetScenesOptions } from '../services/shared/catalog/workloads.js';
import { trialConfig } from '../services/shared/trial-config.js';
import { openBackend } from '../services/worker/backends/choose.js';
import { trainStep } from '../services/worker/trainer/step.js';
import { openTrial } from '../services/worker/trainer/trial.js';
import { taskKindImplementations, workloadImplementations } from '../services/worker/workloads/registry.js';
import type { OpenWorkload } from '../services/worker/workloads/workload.js';
import type { BenchRecord } from './record.js';

const warmUpSteps = 5000;
const steps = 10_000;
const tasks = ['semantic', 'instance', 'depth'];
const mebibyte = 2 ** 20;

async function withData<T>(options: object, body: (workload: OpenWorkload, data: object) => T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-bench-data-'));
  try {
    const data = streetScenesOptions.parse(options);
    return body(await workloadImplementations['street-scenes'].open(data, { cacheFolder: folder }), data);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function memory(): { tensors: number; heap: number; resident: number } {
  const { HEAPU8 } = (tf.backend() as unknown as BackendWasm).wasm as unknown as { HEAPU8: Uint8Array };
  return { tensors: tf.memory().numTensors, heap: HEAPU8.length, resident: process.memoryUsage.rss() };
}

/** What 10,000 steps of a tiny network leave behind in one trainer. */
function growth(workload: OpenWorkload, data: object): BenchRecord[] {
  const config = trialConfig.parse({
    version: 1,
    workload: 'street-scenes',
    data,
    tasks,
    weighting: { method: 'uncertainty' },
    model: { name: 'hard-sharing', encoder: [4, 4], head: 4 },
    optimizer: { name: 'adam' },
    epochs: 1,
    batchSize: 1,
    seed: 1,
    limits: { parameters: 10_000_000, stallSeconds: 60 },
  });
  const trial = openTrial(config, workload, taskKindImplementations);
  const train = (count: number): ReturnType<typeof memory> => {
    // Only weightings that look at gradients answer later.
    for (let step = 0; step < count; step += 1) (trainStep(trial, [step % 4], 0.001) as tf.Tensor1D).dispose();
    return memory();
  };
  const [before, after] = [train(warmUpSteps), train(steps)];
  trial.dispose();
  const comparedWith = `goal: 0; after ${warmUpSteps} steps to warm up`;
  return [
    { name: 'tensors left by 10,000 steps, wasm', value: after.tensors - before.tensors, unit: '', comparedWith },
    {
      name: "growth of TensorFlow.js's heap in 10,000 steps, wasm",
      value: (after.heap - before.heap) / mebibyte,
      unit: 'MiB',
      comparedWith,
    },
    {
      name: 'growth of resident memory in 10,000 steps, wasm',
      value: (after.resident - before.resident) / mebibyte,
      unit: 'MiB',
      comparedWith: `${(before.resident / mebibyte).toFixed(0)} MiB before; garbage not yet collected is in it`,
    },
  ];
}

/** The benchmark as bench/record.ts runs it. */
export async function run(): Promise<BenchRecord[]> {
  await openBackend('wasm');
  const records = await withData({ train: 4, validation: 1, test: 1, height: 16, width: 16 }, growth);
  const before = process.memoryUsage().arrayBuffers;
  const data = await withData({}, (workload) => {
    const held = process.memoryUsage().arrayBuffers - before;
    return { held, images: Object.values(workload.splits).reduce((sum, { length }) => sum + length, 0) };
  });
  records.push({
    name: "memory that a trainer holds the default workload's data in",
    value: data.held / mebibyte,
    unit: 'MiB',
    comparedWith: `${data.images} images of 64 × 128 px, once in each slot`,
  });
  return records;
}
