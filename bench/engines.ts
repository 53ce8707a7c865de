/**
 * A training step of three networks on one thread, on every backend that computes here, side by side; with PyTorch and
 * TensorFlow for Python where SIGMASWEEP_BENCH_PYTHON names a Python that has them. Every engine is measured in a process
 * of its own, several times, in turns: `node dist/bench/record.js engines`.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { openBackend, parseBackendRequest } from '../services/worker/backends/choose.js';
import { backendLadder } from '../services/worker/backends/registry.js';
import { packageRoot } from '../services/shared/version.js';
import type { BenchRecord } from './record.js';
import { createStep, networkSizes, stepFlops, type NetworkSize } from './reference-network.js';

/** What one process measured. */
interface Measurement {
  /** Least milliseconds of a step. */
  readonly ms: number;
  /** GFLOP/s of a product of two 1024 × 1024 matrices in the same process. */
  readonly peak: number;
}

const rounds = 3;
const secondsEach = 2;
const oneThread = { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', OMP_NUM_THREADS: '1' };
const limitMs = 120_000;
const oneByOne = 'one-by-one';

/** Calls that are not measured: those in which a step is recorded and its graph optimised. */
const firstCalls = 3;

/** Least milliseconds of `body` within some seconds, but for the first calls. */
function least(seconds: number, body: () => void): number {
  for (let call = 0; call < firstCalls; call += 1) body();
  const end = performance.now() + seconds * 1000;
  let best = Infinity;
  do {
    const begin = performance.now();
    body();
    best = Math.min(best, performance.now() - begin);
  } while (performance.now() < end);
  return best;
}

async function measureHere(backend: string, size: NetworkSize, isRecorded: boolean): Promise<Measurement> {
  await openBackend(parseBackendRequest(backend));
  const ms = least(secondsEach, createStep(size, isRecorded));
  const side = 1024;
  const [a, b] = [tf.randomNormal<tf.Rank.R2>([side, side]), tf.randomNormal<tf.Rank.R2>([side, side])];
  const product = least(1, () => tf.tidy(() => tf.slice(tf.matMul(a, b), [0, 0], [1, 1]).dataSync()));
  return { ms, peak: (2 * side ** 3) / product / 1e6 };
}

/** @returns undefined where the engine cannot be run */
function measureIn(program: string, args: readonly string[]): Measurement | undefined {
  const { status, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...oneThread },
    timeout: limitMs,
  });
  if (status !== 0) return undefined;
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measurement;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** The benchmark as bench/record.ts runs it. */
export function run(): Promise<readonly BenchRecord[]> {
  const self = fileURLToPath(import.meta.url);
  const python = process.env['SIGMASWEEP_BENCH_PYTHON'];
  const script = (name: string): string => join(packageRoot, 'bench', 'python', name);
  const engines: { name: string; measure: (size: NetworkSize) => Measurement | undefined }[] = [
    ...backendLadder
      .filter(({ automatic }) => automatic)
      .map(({ name }) => ({
        name: name,
        measure: (size: NetworkSize) => measureIn(process.execPath, [self, name, size.name]),
      })),
    {
      name: 'tfjs-node, operation by operation',
      measure: (size) => measureIn(process.execPath, [self, 'tfjs-node', size.name, oneByOne]),
    },
    ...(python === undefined ? [] : ['pytorch', 'tensorflow']).map((name) => ({
      name: `${name} (Python)`,
      measure: (size: NetworkSize) =>
        measureIn(python as string, [script(`${name}_step.py`), JSON.stringify(size), String(secondsEach)]),
    })),
  ];
  const records: BenchRecord[] = [];
  for (const size of networkSizes) {
    const measured = new Map<string, Measurement[]>(engines.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, measure } of engines) {
        const measurement = measure(size);
        if (measurement !== undefined) measured.get(name)?.push(measurement);
      }
    }
    const peak = Math.max(...[...measured.values()].flat().map((measurement) => measurement.peak));
    const gflop = stepFlops(size) / 1e9;
    for (const [name, measurements] of measured) {
      if (measurements.length === 0) continue;
      const times = measurements.map(({ ms }) => ms);
      const rate = (1000 * gflop) / median(times);
      records.push({
        name: `step of the ${size.name} network, one thread, ${name}`,
        value: median(times),
        unit: 'ms',
        comparedWith:
          `${gflop.toPrecision(3)} GFLOP: ${rate.toFixed(1)} of ${peak.toFixed(0)} GFLOP/s that a matrix product reaches; ` +
          `least of ${secondsEach} s, median of ${times.length}, ${Math.min(...times).toFixed(1)} … ${Math.max(...times).toFixed(1)} ms`,
      });
    }
  }
  return Promise.resolve(records);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , backend, name, how] = process.argv as [string, string, string, string, string?];
  const size = networkSizes.find((candidate) => candidate.name === name);
  if (size === undefined) throw new Error(`no network is called ${name}`);
  process.stdout.write(`${JSON.stringify(await measureHere(backend, size, how !== oneByOne))}\n`);
}
