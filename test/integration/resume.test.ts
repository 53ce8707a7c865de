import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoders, type EncoderName } from '../../services/shared/catalog/encoders.js';
import { modelNames } from '../../services/shared/catalog/models.js';
import { optimizers, type OptimizerName } from '../../services/shared/catalog/optimizers.js';
import { weightingNames } from '../../services/shared/catalog/weightings.js';
import { streetScenesOptions } from '../../services/shared/catalog/workloads.js';
import type { MetricPoint } from '../../services/shared/messages/reports.js';
import { trialConfig, type TrialConfig } from '../../services/shared/trial-config.js';
import { openBackend } from '../../services/worker/backends/choose.js';
import type { FromTrainer, ResumedCheckpoint } from '../../services/worker/trainer-protocol.js';
import { readCheckpoint } from '../../services/worker/trainer/checkpoint/checkpoint.js';
import { openTrial } from '../../services/worker/trainer/trial.js';
import { abandoned, train } from '../../services/worker/trainer/train.js';
import { taskKindImplementations, workloadImplementations } from '../../services/worker/workloads/registry.js';
import type { OpenWorkload } from '../../services/worker/workloads/workload.js';
import { everything } from '../helpers/tiers.js';

const data = streetScenesOptions.parse({ train: 11, validation: 2, test: 2, height: 16, width: 32 });
const epochs = 3;
const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-resume-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let workload: OpenWorkload;
let backend: string;
beforeAll(async () => {
  workload = await workloadImplementations['street-scenes'].open(data, { cacheFolder: folder });
  ({ backend } = await openBackend('wasm'));
});

function configOf(changes: Record<string, unknown>): TrialConfig {
  return trialConfig.parse({
    version: 1,
    workload: 'street-scenes',
    data,
    tasks: ['semantic', 'instance', 'depth'],
    weighting: { method: 'uncertainty' },
    model: { name: 'hard-sharing', encoder: [4, 6], head: 4 },
    optimizer: { name: 'adam', learningRate: 0.01 },
    epochs,
    // Steps of 4, 4 and 3 images.
    batchSize: 4,
    seed: 1,
    limits: { parameters: 5_000_000, stallSeconds: 300 },
    ...changes,
  });
}

type Checkpoint = Extract<FromTrainer, { type: 'checkpoint' }>;

interface Run {
  readonly end: string;
  readonly messages: readonly FromTrainer[];
  /** By split, task, metric and epoch; each once. Without times. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly checkpoints: readonly Checkpoint[];
  /** How often a batch was read, in training and evaluations together. */
  readonly batches: number;
}

/** @param stopAtBatch training is told to stop while this batch is read, counted from 1 */
async function run(
  config: TrialConfig,
  options: { stopAtBatch?: number; reason?: string; resume?: ResumedCheckpoint } = {},
): Promise<Run> {
  const controller = new AbortController();
  const messages: FromTrainer[] = [];
  let batches = 0;
  const splits = Object.fromEntries(
    Object.entries(workload.splits).map(([split, dataset]) => [
      split,
      {
        length: dataset.length,
        batch: (indices: ArrayLike<number>, tasks: readonly string[]) => {
          batches += 1;
          if (batches === options.stopAtBatch) controller.abort(options.reason);
          return dataset.batch(indices, tasks);
        },
      },
    ]),
  ) as unknown as OpenWorkload['splits'];
  const before = tf.memory().numTensors;
  const end = await train(config, {
    workload: { ...workload, splits },
    kinds: taskKindImplementations,
    backend,
    say: (message) => messages.push(message),
    signal: controller.signal,
    checkpointFolder: folder,
    resume: options.resume,
  });
  expect(tf.memory().numTensors).toBe(before);
  const points = messages.flatMap((message) => (message.type === 'metrics' ? message.points : []));
  const keyOf = ({ split, task, metric, epoch }: MetricPoint): string => `${split} ${task} ${metric} ${epoch}`;
  const untimed = points.filter(({ metric }) => metric !== 'trainSeconds' && metric !== 'secondsPerStep');
  const numbers = new Map(untimed.map((point) => [keyOf(point), point.value]));
  expect(numbers.size, 'no number is said twice').toBe(untimed.length);
  const checkpoints = messages.filter((message) => message.type === 'checkpoint');
  return { end, messages, numbers, checkpoints, batches };
}

/** The newest checkpoint of a run, as the next attempt is given it. */
function lastOf({ checkpoints }: Run): ResumedCheckpoint {
  const last = checkpoints.at(-1);
  if (last === undefined) throw new Error('no checkpoint was written');
  return { file: last.file, attempt: 1, step: last.step };
}

/** Everything that is kept of a trained network, bit for bit. */
async function stateOf({ file }: ResumedCheckpoint): Promise<Map<string, string>> {
  const { blocks } = await readCheckpoint(file);
  return new Map(
    [...blocks].map(([name, { values, shape }]) => {
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      return [name, `${shape.join('×')} ${bytes.toString('base64')}`];
    }),
  );
}

/** Cuts a training in the middle of an epoch and goes on from there; all numbers and the state must be the undisturbed ones. */
async function expectSameWhenCut(changes: Record<string, unknown>, stopAtBatch: number): Promise<void> {
  const config = configOf({ ...changes, checkpoint: { everySeconds: 0, keep: 'final' } });
  const whole = await run(config);
  expect(whole.end).toBe('succeeded');
  expect(whole.checkpoints).toHaveLength(1);
  const cut = await run(config, { stopAtBatch });
  expect(cut.end).toBe('stopped');
  const resumed = await run(config, { resume: lastOf(cut) });
  expect(resumed.end).toBe('succeeded');
  expect(resumed.messages.find(({ type }) => type === 'resumed')).toMatchObject({ step: lastOf(cut).step, attempt: 1 });
  // It did not begin anew.
  expect(resumed.batches).toBeLessThan(whole.batches);
  expect([...resumed.numbers].sort()).toEqual([...whole.numbers].sort());
  const [one, other] = [await stateOf(lastOf(resumed)), await stateOf(lastOf(whole))];
  expect(one.size).toBeGreaterThan(10);
  expect(one).toEqual(other);
}

/** One evaluation and an epoch of 3 steps and an evaluation come first: the second step of the second epoch. */
const middle = 1 + 4 + 2;

describe('a training that is cut in the middle of an epoch and goes on', () => {
  // What a weighting keeps is looked at for all of them below.
  const chosen = weightingNames.filter((_, index) => everything || index % 3 === 0);
  it.each(chosen)('gives the undisturbed numbers and state to the last bit, under %s', async (method) => {
    const weighting = method === 'fixed' ? { method, weights: { semantic: 1, instance: 1, depth: 1 } } : { method };
    await expectSameWhenCut({ weighting }, middle);
  });

  it.each(Object.keys(optimizers) as OptimizerName[])('does so with the optimizer %s', async (name) => {
    await expectSameWhenCut({ optimizer: { name, learningRate: 0.01 } }, middle);
  });

  it('does so when every training picture is changed at random, which other numbers come of', async () => {
    const augmented = { data: { ...data, augment: { flip: 0.5, scale: 1.5, colour: 0.3 } } };
    await expectSameWhenCut(augmented, middle);
    expect((await run(configOf(augmented))).numbers).not.toEqual((await run(configOf({}))).numbers);
  });

  it('does so in the middle of a warm-up, with clipping, Nesterov’s momentum, decay and rates by group', async () => {
    const optimizer = {
      name: 'sgd',
      learningRate: 0.05,
      nesterov: true,
      weightDecay: 0.01,
      clipNorm: 1,
      clipValue: 0.5,
      schedule: 'cosine',
      warmupSteps: 7,
      learningRates: { encoder: 0.5, depth: 2 },
    };
    await expectSameWhenCut({ optimizer }, middle);
  });

  it('does so with noise that is drawn for logits and for dropout', async () => {
    const uncertainty = { heteroscedastic: ['semantic', 'depth'], logitSamples: 2, dropout: { rate: 0.2, passes: 2 } };
    await expectSameWhenCut({ uncertainty, weighting: { method: 'equal' } }, middle);
  });

  it.each(modelNames)('does so with the model %s, what it changes between epochs included', async (name) => {
    await expectSameWhenCut({ model: { name, encoder: { name: 'resnet' }, head: 4 } }, middle);
  });

  // No task of the dense network says something of each pixel.
  it.each((Object.keys(encoders) as EncoderName[]).filter((name) => name !== 'dense'))(
    'does so with the encoder %s, running means included',
    async (name) => {
      await expectSameWhenCut({ model: { name: 'hard-sharing', encoder: { name }, head: 4 } }, middle);
    },
  );

  it.each([
    ['losses of earlier epochs', { weighting: { method: 'dwa' } }],
    ['gradients', { weighting: { method: 'pcgrad' } }],
    ['a network that branches', { model: { name: 'adaptive', encoder: [4, 6], head: 4, samples: 2 } }],
  ])('does so wherever it is cut, in evaluations and in the test as well, with %s', async (_, changes) => {
    const config = configOf({ ...changes, checkpoint: { everySeconds: 0 } });
    const whole = await run(config);
    expect(whole.checkpoints).toHaveLength(0);
    // The last batch is read for the pictures, after which nothing asks whether to stop but the end.
    for (let stopAtBatch = 2; stopAtBatch <= whole.batches; stopAtBatch += 1) {
      const cut = await run(config, { stopAtBatch });
      expect(cut.end).toBe('stopped');
      const resumed = await run(config, { resume: lastOf(cut) });
      expect([...resumed.numbers].sort(), `cut at batch ${stopAtBatch}`).toEqual([...whole.numbers].sort());
    }
  });
});

describe('checkpoints', () => {
  it.each(weightingNames)('hold every variable that a trial makes, under %s', (method) => {
    const weighting = method === 'fixed' ? { method, weights: { semantic: 1, instance: 1, depth: 1 } } : { method };
    const model = { name: 'hard-sharing', encoder: { name: 'resnet' }, head: 4 };
    const before = new Set(Object.values(tf.engine().registeredVariables));
    const trial = openTrial(configOf({ weighting, model }), workload, taskKindImplementations);
    const made = Object.values(tf.engine().registeredVariables).filter((variable) => !before.has(variable));
    const held = new Set(Object.values(trial.state.variables ?? {}));
    const missing = made
      .filter((variable) => !held.has(variable))
      .map(({ name, shape }) => `${name} [${String(shape)}]`);
    trial.dispose();
    expect(missing).toEqual([]);
    expect(held.size).toBe(made.length);
  });

  it('come after so many steps and epochs, and change nothing', async () => {
    const whole = await run(configOf({ checkpoint: { everySeconds: 0 } }));
    const bySteps = await run(configOf({ checkpoint: { everySeconds: 0, everySteps: 2 } }));
    expect(bySteps.checkpoints.map(({ step, epoch }) => [step, epoch])).toEqual([
      [2, 1],
      [4, 2],
      [6, 3],
      [8, 3],
    ]);
    expect(bySteps.numbers).toEqual(whole.numbers);
    const byEpochs = await run(configOf({ checkpoint: { everySeconds: 0, everyEpochs: 1 } }));
    expect(byEpochs.checkpoints.map(({ step, epoch }) => [step, epoch])).toEqual([
      [3, 2],
      [6, 3],
      [9, 4],
    ]);
    const byTime = await run(configOf({ checkpoint: { everySeconds: 1e-6 } }));
    expect(byTime.checkpoints.length).toBeGreaterThan(0);
  });

  it('are not written for a training that nobody goes on with', async () => {
    const left = await run(configOf({ checkpoint: { everySeconds: 0 } }), { stopAtBatch: middle, reason: abandoned });
    expect([left.end, left.checkpoints.length]).toEqual(['stopped', 0]);
    const unwanted = configOf({ checkpoint: { everySeconds: 0, onStop: false } });
    expect((await run(unwanted, { stopAtBatch: middle })).checkpoints).toHaveLength(0);
  });

  it('of another training are refused with what differs, and training begins anew', async () => {
    const cut = await run(configOf({}), { stopAtBatch: middle });
    const other = configOf({ model: { name: 'hard-sharing', encoder: [4, 8], head: 4 }, batchSize: 11 });
    const anew = await run(other, { resume: lastOf(cut) });
    expect(anew.end).toBe('succeeded');
    expect(anew.messages.some(({ type }) => type === 'resumed')).toBe(false);
    expect(anew.messages).toContainEqual({
      type: 'log',
      level: 'warn',
      text: expect.stringMatching(/begins anew: CHECKPOINT_MISMATCH: .*another model, batchSize/) as string,
    });
    expect(anew.numbers).toEqual((await run(other)).numbers);
    // As is one that is torn.
    const { file } = lastOf(cut);
    const torn = readFileSync(file).subarray(0, -40);
    const tornFile = join(folder, 'torn.checkpoint');
    writeFileSync(tornFile, torn);
    const again = await run(configOf({}), { resume: { file: tornFile, attempt: 1, step: 5 } });
    expect(again.messages).toContainEqual(
      expect.objectContaining({ type: 'log', text: expect.stringContaining('CHECKPOINT_TORN') as string }),
    );
    expect(again.end).toBe('succeeded');
  });
});
