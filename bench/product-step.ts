import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { streetScenesOptions } from '../services/shared/catalog/workloads.js';
import { trialConfig } from '../services/shared/trial-config.js';
import { openBackend } from '../services/worker/backends/choose.js';
import { trainStep } from '../services/worker/trainer/step.js';
import { openTrial } from '../services/worker/trainer/trial.js';
import { taskKindImplementations, workloadImplementations } from '../services/worker/workloads/registry.js';
import type { BenchRecord } from './record.js';

const warmUpSteps = 5;
const measuredSteps = 25;

export interface ProductStep {
  /** One training step, read to the end; another batch each time. */
  run(): void;
  /** What `run` does before it computes: copying a batch out of the split. */
  batch(): void;
  /** Trained numbers of the network. */
  readonly parameters: number;
  dispose(): void;
}

/**
 * The training step that a sweep runs, through the trainer's own code: the default network on generated scenes of
 * 64 × 128 px with the default optimizer and learned weights.
 * @param tasks names of the street scenes' tasks
 */
export async function openProductStep(
  tasks: readonly string[],
  batchSize = 4,
  model: { readonly name: string } = { name: 'hard-sharing' },
): Promise<ProductStep> {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-bench-data-'));
  const data = streetScenesOptions.parse({ train: 4 * batchSize, validation: 1, test: 1 });
  const workload = await workloadImplementations['street-scenes'].open(data, { cacheFolder: folder }).finally(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const config = trialConfig.parse({
    version: 1,
    workload: 'street-scenes',
    data,
    tasks,
    weighting: { method: 'uncertainty' },
    model,
    optimizer: { name: 'adam' },
    epochs: 1,
    batchSize,
    seed: 1,
    limits: { parameters: 10_000_000, stallSeconds: 60 },
  });
  const trial = openTrial(config, workload, taskKindImplementations);
  let step = 0;
  const indices = (): number[] => Array.from({ length: batchSize }, (_, i) => (step * batchSize + i) % data.train);
  return {
    run: () => {
      const losses = trainStep(trial, indices(), 0.002);
      if (losses instanceof Promise) throw new TypeError('a step under learned variances needs no waiting');
      losses.dataSync();
      losses.dispose();
      step += 1;
    },
    batch: () => {
      workload.splits.train.batch(indices(), tasks);
    },
    parameters: trial.model.parameterCount,
    dispose: () => trial.dispose(),
  };
}

/** Median milliseconds of `body`. */
function median(body: () => void): number {
  for (let warmUp = 0; warmUp < warmUpSteps; warmUp += 1) body();
  const times = Array.from({ length: measuredSteps }, () => {
    const started = performance.now();
    body();
    return performance.now() - started;
  }).sort((a, b) => a - b);
  return times[measuredSteps >> 1] as number;
}

/** The benchmark as bench/record.ts runs it. */
export async function run(): Promise<BenchRecord[]> {
  const { device } = await openBackend('wasm');
  const records: BenchRecord[] = [];
  for (const tasks of [
    ['semantic', 'depth'],
    ['semantic', 'instance', 'depth'],
  ]) {
    const step = await openProductStep(tasks);
    const [whole, batch] = [median(() => step.run()), median(() => step.batch())];
    step.dispose();
    const name = `training step of the default network, batch 4, ${tasks.length} tasks, wasm`;
    records.push(
      { name, value: whole, unit: 'ms', comparedWith: device },
      {
        name: `${name}: share of it spent on copying the batch`,
        value: (100 * batch) / whole,
        unit: '%',
        comparedWith: `goal: 2 %; ${batch.toFixed(2)} ms`,
      },
    );
  }
  return records;
}
