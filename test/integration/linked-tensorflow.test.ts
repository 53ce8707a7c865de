import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelConfig } from '../../services/shared/catalog/models.js';
import { trialConfig } from '../../services/shared/trial-config.js';
import type { BackendName } from '../../services/worker/backends/candidate.js';
import { openBackend } from '../../services/worker/backends/choose.js';
import * as tf from '@tensorflow/tfjs-core';
import { trainStep } from '../../services/worker/trainer/step.js';
import { train } from '../../services/worker/trainer/train.js';
import { openTrial, type Trial } from '../../services/worker/trainer/trial.js';
import { taskKindImplementations, workloadImplementations } from '../../services/worker/workloads/registry.js';
import { cliSandbox, tinySpec } from '../helpers/cli.js';
import { expectRightGradient, gradientCases } from '../helpers/gradient-cases.js';

/** A TensorFlow that pip installed, as `sigmasweep backend link` takes it; without one these tests are skipped. */
const tensorflow = process.env['SIGMASWEEP_TEST_TENSORFLOW'];

/** Metrics of a small trial of every task, by epoch, split, task and name; without those that tell times. */
async function metricsOn(requested: BackendName, folder: string): Promise<Map<string, number>> {
  const { backend } = await openBackend(requested);
  const data = { train: 24, validation: 8, test: 8, height: 16, width: 32 };
  const config = trialConfig.parse({
    version: 1,
    workload: 'street-scenes',
    data,
    tasks: ['semantic', 'instance', 'depth'],
    weighting: { method: 'uncertainty' },
    model: modelConfig.parse({ name: 'hard-sharing', encoder: [8, 8, 8, 8], head: 8 }),
    optimizer: { name: 'adam', learningRate: 0.002 },
    epochs: 2,
    batchSize: 8,
    seed: 5,
    limits: { parameters: 100_000, stallSeconds: 60 },
  });
  const metrics = new Map<string, number>();
  await train(config, {
    workload: await workloadImplementations['street-scenes'].open(data, { cacheFolder: folder }),
    kinds: taskKindImplementations,
    backend,
    say: (message) => {
      if (message.type !== 'metrics') return;
      for (const { epoch, split, task, metric, value } of message.points) {
        if (!/seconds/i.test(metric)) metrics.set([epoch, split, task, metric].join(), value);
      }
    },
    signal: new AbortController().signal,
  });
  return metrics;
}

describe.skipIf(tensorflow === undefined)('a linked TensorFlow', () => {
  const sandbox = cliSandbox();
  const links = join(sandbox.folder, 'linked');
  const previous = process.env['SIGMASWEEP_LINKED'];
  beforeAll(() => {
    process.env['SIGMASWEEP_LINKED'] = links;
  });
  afterAll(async () => {
    await sandbox.remove();
    if (previous === undefined) delete process.env['SIGMASWEEP_LINKED'];
    else process.env['SIGMASWEEP_LINKED'] = previous;
  });

  it('is compiled, tried, named with its version, and listed', async () => {
    const linked = await sandbox.run(['backend', 'link', tensorflow ?? '', '--package', 'tfjs-node']);
    expect(linked.stderr).toBe('');
    expect(linked.stdout).toMatch(/^tfjs-node works: .+, TensorFlow \d+\.\d+\.\d+, linked to /);
    const listed = await sandbox.run(['backend', 'list']);
    expect(listed.stdout).toMatch(/tfjs-node is linked to TensorFlow/);
  });

  it.each(gradientCases)('has the result and the gradient of $name', async (gradientCase) => {
    await openBackend('tfjs-node');
    await expectRightGradient(gradientCase);
  });

  it('trains the same to the last bit again, and close to what wasm trains', async () => {
    const once = await metricsOn('tfjs-node', sandbox.folder);
    expect(await metricsOn('tfjs-node', sandbox.folder)).toEqual(once);
    const elsewhere = await metricsOn('wasm', sandbox.folder);
    expect([...elsewhere.keys()]).toEqual([...once.keys()]);
    for (const [name, value] of once) {
      expect(Math.abs((elsewhere.get(name) ?? Number.NaN) - value), name).toBeLessThan(0.02 * (0.1 + Math.abs(value)));
    }
  });

  it.each([
    { method: 'fixed', encoder: 'plain', optimizer: { name: 'sgd', momentum: 0.9, weightDecay: 1e-3, clipNorm: 1 } },
    { method: 'uncertainty', encoder: 'plain', optimizer: { name: 'adam' } },
    { method: 'dwa', encoder: 'resnet', optimizer: { name: 'adamw' } },
    { method: 'soft-optimal', encoder: 'depthwise', optimizer: { name: 'adam' } },
  ])('computes a $method step on a $encoder encoder as one graph as it does one by one', async (given) => {
    const { method, encoder, optimizer } = given;
    await openBackend('tfjs-node');
    const data = { train: 24, validation: 8, test: 8, height: 16, width: 32 };
    const workload = await workloadImplementations['street-scenes'].open(data, { cacheFolder: sandbox.folder });
    const lines: string[] = [];
    const open = (epochs: number): Trial => {
      const config = trialConfig.parse({
        version: 1,
        workload: 'street-scenes',
        data,
        tasks: ['semantic', 'depth'],
        weighting: method === 'fixed' ? { method, weights: { semantic: 0.8, depth: 0.2 } } : { method },
        model: modelConfig.parse({ name: 'hard-sharing', encoder: { name: encoder }, head: 8 }),
        optimizer,
        epochs,
        batchSize: 8,
        seed: 5,
        limits: { parameters: 10_000_000, stallSeconds: 60 },
      });
      return openTrial(config, workload, taskKindImplementations, (line) => lines.push(line));
    };
    // Too few steps for a recording to be worthwhile, and enough of them.
    const [oneByOne, recorded] = [open(1), open(50)];
    const before = tf.memory().numTensors;
    for (let step = 0; step < 12; step += 1) {
      const indices = Array.from({ length: 8 }, (_, place) => (5 * step + 3 * place) % data.train);
      for (const trial of [oneByOne, recorded]) tf.dispose(await trainStep(trial, indices, 0.002));
    }
    expect(tf.memory().numTensors).toBe(before);
    expect(lines).toEqual(['training steps run as one TensorFlow graph']);
    for (const [name, variable] of Object.entries(oneByOne.state.variables ?? {})) {
      const values = await variable.data<'float32'>();
      const others = (await recorded.state.variables?.[name]?.data<'float32'>()) ?? new Float32Array();
      const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      const off = values.reduce((most, v, place) => Math.max(most, Math.abs(v - (others[place] ?? NaN))), 0);
      expect(off / scale, name).toBeLessThan(1e-3);
    }
    oneByOne.dispose();
    recorded.dispose();
  });

  it('trains a sweep', async () => {
    const spec = sandbox.writeSpec('sweep.json', tinySpec({ seeds: [1] }));
    const ran = await sandbox.run(['run', spec, '--backend', 'tfjs-node', '--exit']);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/IoU/);
  });

  it('is taken away again', async () => {
    const unlinked = await sandbox.run(['backend', 'unlink']);
    expect(unlinked.stdout).toMatch(/^tfjs-node is no longer linked to /);
    expect((await sandbox.run(['backend', 'unlink'])).stdout).toBe('Nothing was linked.\n');
  });
});
