/**
 * What a training step costs in several variants of a trial, beside the first of them: time, and the most bytes that
 * tensors hold at once. Three tasks of the street scenes at their usual size, batch 4; every round runs one step of each
 * variant in turn, so that whatever slows the machine slows all of them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { workloads } from '../services/shared/catalog/workloads.js';
import { trialConfig } from '../services/shared/trial-config.js';
import { openBackend } from '../services/worker/backends/choose.js';
import { trainStep } from '../services/worker/trainer/step.js';
import { openTrial, type Trial } from '../services/worker/trainer/trial.js';
import { taskKindImplementations, workloadImplementations } from '../services/worker/workloads/registry.js';
import type { OpenWorkload } from '../services/worker/workloads/workload.js';
import type { BenchRecord } from './record.js';

const rounds = 12;
const batch = [0, 1, 2, 3];
export const stepTasks = ['semantic', 'instance', 'depth'];
const learningRate = 0.001;

/** Fields of a trial's configuration that differ from the usual ones. */
export interface StepVariant {
  readonly label: string;
  readonly changes: Readonly<Record<string, unknown>>;
}

export interface StepCosts {
  /** Of the records: "weighting step". */
  readonly name: string;
  /** What the first variant is called in units: "fixed". */
  readonly reference: string;
  readonly variants: readonly [StepVariant, ...StepVariant[]];
  /** What else is worth knowing of a variant. */
  readonly further?: (label: string, trial: Trial, backend: string) => BenchRecord[];
}

function open({ changes }: StepVariant, data: object, workload: OpenWorkload): Trial {
  const config = trialConfig.parse({
    version: 1,
    workload: 'street-scenes',
    data,
    tasks: stepTasks,
    weighting: { method: 'equal' },
    model: { name: 'hard-sharing' },
    optimizer: { name: 'adam', learningRate },
    epochs: 1,
    batchSize: batch.length,
    seed: 1,
    limits: { parameters: 5_000_000, stallSeconds: 300 },
    ...changes,
  });
  return openTrial(config, workload, taskKindImplementations);
}

/** One step to its end: the losses are read, so that no work is still under way. */
async function step(trial: Trial): Promise<void> {
  const losses = await trainStep(trial, batch, learningRate);
  await losses.data();
  losses.dispose();
}

/** Bytes that a step holds at its peak beyond those held before it. */
async function peakOfStep(trial: Trial): Promise<number> {
  const before = tf.memory().numBytes;
  const profile = await tf.profile(async () => {
    await step(trial);
    return tf.scalar(0);
  });
  return profile.peakBytes - before;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}

export async function measureSteps({ name, reference, variants, further }: StepCosts): Promise<BenchRecord[]> {
  const { backend } = await openBackend('wasm');
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-bench-'));
  try {
    const data = workloads['street-scenes'].options.parse({ train: 8, validation: 1, test: 1 });
    const workload = await workloadImplementations['street-scenes'].open(data, { cacheFolder: folder });
    const runs = variants.map((variant) => ({
      label: variant.label,
      trial: open(variant, data, workload),
      times: [] as number[],
    }));
    for (const { trial } of runs) await step(trial);
    for (let round = 0; round < rounds; round += 1) {
      // Each round begins with another one, so that none is always measured after the same one.
      for (let place = 0; place < runs.length; place += 1) {
        const { trial, times } = runs[(place + 5 * round) % runs.length] as (typeof runs)[number];
        const started = performance.now();
        await step(trial);
        times.push(performance.now() - started);
      }
    }
    const first = runs[0] as (typeof runs)[number];
    const firstPeak = await peakOfStep(first.trial);
    const records: BenchRecord[] = [];
    for (const { label, trial, times } of runs) {
      const [least, leastOfFirst] = [Math.min(...times), Math.min(...first.times)];
      const peak = await peakOfStep(trial);
      records.push(
        {
          name: `${name}, ${backend}: ${label}`,
          value: least / leastOfFirst,
          unit: `× ${reference}`,
          comparedWith: `${least.toFixed(0)} ms against ${leastOfFirst.toFixed(0)} ms; shortest of ${String(rounds)} interleaved rounds (medians ${median(times).toFixed(0)} and ${median(first.times).toFixed(0)})`,
        },
        {
          name: `${name}, ${backend}, tensors' memory: ${label}`,
          value: peak / firstPeak,
          unit: `× ${reference}`,
          comparedWith: `${(peak / 2 ** 20).toFixed(1)} MiB against ${(firstPeak / 2 ** 20).toFixed(1)} MiB at the peak of a step`,
        },
        ...(further?.(label, trial, backend) ?? []),
      );
    }
    runs.forEach(({ trial }) => trial.dispose());
    return records;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
