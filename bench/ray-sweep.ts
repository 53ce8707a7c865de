/**
 * Example (a) on all cores, start-up included, by this project and by Ray Tune with PyTorch trials, where
 * SIGMASWEEP_BENCH_PYTHON names a Python that has both: `node dist/bench/record.js ray-sweep` at the example's quick
 * size, `ray-sweep-middle` with the widths of the middle network of bench/reference-network.ts.
 *
 * Both train the same trials: the same network (its parameters and the operations of its step are compared before the
 * clock starts), images, optimizer, schedule, epochs and batches, an evaluation before the first and after each epoch.
 * The trials of both read data that were generated before their clocks start. This project starts PostgreSQL, NATS and a
 * dashboard, draws pictures and stores its results, which Ray Tune does not.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { planSweep, type PlannedTrial } from '../services/shared/plan/plan.js';
import { streetScenesOptions } from '../services/shared/catalog/workloads.js';
import { SigmasweepError } from '../services/shared/errors.js';
import { parseSweepSpec } from '../services/shared/sweep-spec/parse.js';
import { readSpecText } from '../services/shared/sweep-spec/read-text.js';
import { packageRoot } from '../services/shared/version.js';
import { openBackend } from '../services/worker/backends/choose.js';
import { cacheFileOf, streetScenes } from '../services/worker/workloads/street-scenes/workload.js';
import { profileKernels } from './kernel-profile.js';
import { openProductStep } from './product-step.js';
import type { BenchRecord } from './record.js';

const example = 'examples/class-depth.yaml';
/** Two counters of the same step differ in what they count beside the convolutions. */
const operationsTolerance = 0.01;

interface Counts {
  readonly parameters: number;
  readonly operations: number;
}

/** A sweep at one size, as a spec's mapping of fields. */
export interface SweepSize {
  readonly name: string;
  /** Laid over the example at its quick size. */
  readonly changes: Readonly<Record<string, unknown>>;
}

const sizes = {
  quick: { name: 'quick', changes: {} },
  middle: {
    name: 'middle',
    changes: { model: { name: 'hard-sharing', encoder: [32, 64, 96, 96], head: 48 }, epochs: 3 },
  },
} as const satisfies Record<string, SweepSize>;

/** The benchmark as bench/record.ts runs it. */
export function run(size: SweepSize = sizes.quick): Promise<readonly BenchRecord[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-ray-'));
  return compare(size, folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

export const middle = { run: () => run(sizes.middle) };

async function compare(size: SweepSize, folder: string): Promise<readonly BenchRecord[]> {
  const python = process.env['SIGMASWEEP_BENCH_PYTHON'];
  if (python === undefined) {
    throw new SigmasweepError(
      'BENCH_PYTHON',
      'SIGMASWEEP_BENCH_PYTHON is not set; it names a Python with Ray and PyTorch',
    );
  }
  const { quick, ...full } = readSpecText(readFileSync(join(packageRoot, example), 'utf8'), example) as {
    readonly quick: object;
  };
  const fields = { ...full, ...quick, ...size.changes };
  const specFile = join(folder, 'spec.json');
  writeFileSync(specFile, JSON.stringify(fields));
  const { trials } = planSweep(parseSweepSpec(fields, { quick: false }));
  const rayFile = join(folder, 'ray.json');
  const cache = join(folder, 'data');
  writeFileSync(rayFile, JSON.stringify(await rayConfig(trials, folder, cache)));

  const script = join(packageRoot, 'bench', 'python', 'ray_sweep.py');
  await requireSameNetwork(trials, countInPython(python, script, rayFile));
  const backends = await backendsToMeasure();
  const ray = await seconds(python, [script, 'run', rayFile], {});
  const cores = availableParallelism();
  const name = `example (a), ${size.name} size, ${trials.length} trials on all cores`;
  const records: BenchRecord[] = [
    {
      name: `${name}: Ray Tune with PyTorch`,
      value: ray,
      unit: 's',
      comparedWith: `start-up included; ${cores} trials at once, one thread each, channels last`,
    },
  ];
  for (const backend of backends) {
    const state = join(folder, `state-${backend}`);
    cpSync(cache, join(state, 'cache'), { recursive: true });
    const command = [join(packageRoot, 'bin', 'sigmasweep.js'), 'run', specFile, '--exit', '--backend', backend];
    const ours = await seconds(process.execPath, command, { SIGMASWEEP_STATE: state });
    records.push({
      name: `${name}: sigmasweep, ${backend}`,
      value: ours,
      unit: 's',
      comparedWith: `start-up included; ${(ours / ray).toFixed(2)} × Ray Tune with PyTorch, ${ray.toFixed(1)} s in the same run`,
    });
  }
  return records;
}

/** What bench/python reads; the data is generated here, before any clock starts. */
async function rayConfig(trials: readonly PlannedTrial[], folder: string, cache: string): Promise<object> {
  const { config } = trials[0] as PlannedTrial;
  const data = streetScenesOptions.parse(config.data);
  await streetScenes.open(data, { cacheFolder: cache });
  const file = (split: 'train' | 'validation' | 'test'): string => cacheFileOf(data, split, cache);
  return {
    cores: availableParallelism(),
    threads: 1,
    seed: config.seed,
    folder: join(folder, 'ray'),
    epochs: config.epochs,
    batchSize: config.batchSize,
    model: config.model,
    optimizer: config.optimizer,
    data: { ...data, files: { train: file('train'), validation: file('validation'), test: file('test') } },
    trials: trials.map(({ label, config: { tasks, weighting } }) => ({
      label,
      tasks,
      weights: weighting.method === 'fixed' ? weighting.weights : null,
      learningRateMultiplier: weighting.method === 'uncertainty' ? weighting.learningRateMultiplier : 1,
    })),
  };
}

function countInPython(python: string, script: string, config: string): Readonly<Record<string, Counts>> {
  const { status, stdout, stderr } = spawnSync(python, [script, 'count', config], { encoding: 'utf8' });
  if (status !== 0) throw new SigmasweepError('BENCH_PYTHON', `${python} could not build the network: ${stderr}`);
  return JSON.parse(stdout) as Record<string, Counts>;
}

/** @throws SigmasweepError BENCH_UNLIKE when the two networks are not the same */
async function requireSameNetwork(
  trials: readonly PlannedTrial[],
  python: Readonly<Record<string, Counts>>,
): Promise<void> {
  await openBackend('wasm');
  for (const [name, theirs] of Object.entries(python)) {
    const { config } = trials.find((trial) => trial.config.tasks.join('+') === name) as PlannedTrial;
    const step = await openProductStep(config.tasks, config.batchSize, config.model);
    const operations = profileKernels(() => step.run()).reduce((sum, cost) => sum + cost.operations, 0);
    step.dispose();
    const ours: Counts = { parameters: step.parameters, operations };
    const alike = Math.abs(operations / theirs.operations - 1) <= operationsTolerance;
    if (ours.parameters === theirs.parameters && alike) continue;
    throw new SigmasweepError(
      'BENCH_UNLIKE',
      `The networks for ${name} differ: ${JSON.stringify(ours)} here, ${JSON.stringify(theirs)} in PyTorch`,
    );
  }
}

/** Those that SIGMASWEEP_BENCH_BACKENDS names; otherwise wasm, and native TensorFlow where it opens. */
async function backendsToMeasure(): Promise<readonly string[]> {
  const named = process.env['SIGMASWEEP_BENCH_BACKENDS'];
  if (named !== undefined) return named.split(',');
  const native = await openBackend('tfjs-node').then(
    () => ['tfjs-node'],
    () => [],
  );
  return ['wasm', ...native];
}

/** Seconds from the start of a program to its end. */
function seconds(program: string, args: readonly string[], environment: Record<string, string>): Promise<number> {
  const started = performance.now();
  const child = spawn(program, args, {
    cwd: packageRoot,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve((performance.now() - started) / 1000);
      else reject(new Error(`${program} ended with code ${String(code)}`));
    });
  });
}
