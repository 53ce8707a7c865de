import '@tensorflow/tfjs-backend-cpu';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TransferConfig } from '../../services/shared/catalog/transfer.js';
import { trialConfig, type TrialConfig } from '../../services/shared/trial-config.js';
import type { CheckpointPlace } from '../../services/worker/agent/checkpoints/fetch.js';
import { networkFile } from '../../services/worker/agent/checkpoints/start-network.js';
import type { FromTrainer } from '../../services/worker/trainer-protocol.js';
import { readCheckpoint, type TrialCheckpoint } from '../../services/worker/trainer/checkpoint/checkpoint.js';
import { startFromNetwork } from '../../services/worker/trainer/checkpoint/start-network.js';
import { train } from '../../services/worker/trainer/train.js';
import { openTrial } from '../../services/worker/trainer/trial.js';
import { toyKinds, toyWorkload } from '../helpers/toy-workload.js';

const workload = toyWorkload(6);
const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-transfer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const resnet = { name: 'resnet', channels: [4, 6, 8], units: 1 };

function configOf(change: object = {}): TrialConfig {
  return trialConfig.parse({
    version: 1,
    workload: 'street-scenes',
    data: {},
    tasks: ['semantic', 'depth'],
    weighting: { method: 'equal' },
    model: { name: 'hard-sharing', encoder: resnet, head: 4 },
    optimizer: { name: 'adam', learningRate: 0.01 },
    epochs: 2,
    batchSize: 3,
    seed: 5,
    limits: { parameters: 200_000, stallSeconds: 60 },
    checkpoint: { everySeconds: 0, keep: 'final' },
    ...change,
  });
}

/** Trains a trial. */
async function run(config: TrialConfig, network?: string): Promise<FromTrainer[]> {
  const said: FromTrainer[] = [];
  await train(config, {
    workload,
    kinds: toyKinds,
    backend: 'cpu',
    say: (message) => said.push(message),
    signal: new AbortController().signal,
    checkpointFolder: folder,
    network,
  });
  return said;
}

const metricsOf = (said: readonly FromTrainer[], epoch: number, split: string): unknown =>
  said
    .flatMap((message) => (message.type === 'metrics' ? message.points : []))
    .filter((point) => point.epoch === epoch && point.split === split)
    .map(({ task, metric, value }) => [task, metric, value]);
const fileOf = (said: readonly FromTrainer[]): string => {
  const written = said.find((message) => message.type === 'checkpoint' && message.final);
  return written?.type === 'checkpoint' ? written.file : '';
};
const blockOf = ({ blocks }: TrialCheckpoint, name: string): number[] =>
  Array.from(blocks.get(`device/model/${name}`)?.values ?? []);

let source: FromTrainer[];
let checkpoint: TrialCheckpoint;
beforeAll(async () => {
  await tf.setBackend('cpu');
  source = await run(configOf());
  checkpoint = await readCheckpoint(fileOf(source));
});

describe('a network that starts from another one', () => {
  const open = (change: object = {}): ReturnType<typeof openTrial> => openTrial(configOf(change), workload, toyKinds);
  const valuesOf = ({ model }: ReturnType<typeof openTrial>, name: string): number[] =>
    Array.from(model.state.variables?.[name]?.dataSync() ?? []);

  it('takes the encoder with its running statistics, and draws the heads', () => {
    const trial = open({ seed: 6 });
    const head = valuesOf(trial, 'depth/up1/filter');
    const names = startFromNetwork(trial.model, checkpoint, 'encoder');
    expect(names).toEqual(trial.model.encoder.map(({ name }) => name));
    for (const name of ['encoder/1/1/stem/filter', 'encoder/3/1/second/mean', 'encoder/2/1/shortcut/scale']) {
      expect(valuesOf(trial, name), name).toEqual(blockOf(checkpoint, name));
      expect(names).toContain(name);
    }
    expect(valuesOf(trial, 'depth/up1/filter')).toEqual(head);
    trial.dispose();
  });

  it.each(['cross-stitch', 'adaptive', 'mtan'])('gives every encoder of %s the one there is', (name) => {
    const encoder = { ...resnet, units: name === 'mtan' ? 2 : 1 };
    const trial = open({ model: { name, encoder, head: 4, ...(name === 'adaptive' ? { width: 1 } : {}) } });
    if (name === 'mtan') {
      // Another network has other values in the same places.
      expect(() => startFromNetwork(trial.model, checkpoint, 'encoder')).toThrow(/encoder\/1\/3.* is missing/);
    } else {
      startFromNetwork(trial.model, checkpoint, 'encoder');
      for (const task of ['semantic', 'depth']) {
        expect(valuesOf(trial, `encoders/${task}/2/1/first/filter`)).toEqual(
          blockOf(checkpoint, 'encoder/2/1/first/filter'),
        );
      }
    }
    trial.dispose();
  });

  it('is refused with names and shapes when the other one has none that fit, and nothing is changed', () => {
    const trial = open({ model: { name: 'hard-sharing', encoder: { ...resnet, channels: [4, 6, 12] }, head: 4 } });
    const before = valuesOf(trial, 'encoder/1/1/stem/filter');
    expect(() => startFromNetwork(trial.model, checkpoint, 'encoder')).toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_MISMATCH',
        message: expect.stringMatching(
          /encoder\/3\/1\/first\/filter is \[3, 3, 6, 8\] there and \[3, 3, 6, 12\] here/,
        ) as string,
      }) as Error,
    );
    expect(valuesOf(trial, 'encoder/1/1/stem/filter')).toEqual(before);
    trial.dispose();
  });

  it('begins where the other one ended, when it takes all of it', async () => {
    const said = await run(configOf({ seed: 9, transfer: { file: 'a', load: 'network' } }), fileOf(source));
    expect(metricsOf(said, 0, 'validation')).toEqual(metricsOf(source, 2, 'validation'));
    expect(JSON.stringify(said)).toContain('starts from the network of a');
    expect(JSON.stringify(said)).not.toContain('of the encoder, the last');
  });

  it('keeps the encoder as it was taken where no block of it is trained', async () => {
    const said = await run(configOf({ transfer: { file: 'a', trainBlocks: 0 } }), fileOf(source));
    const after = await readCheckpoint(fileOf(said));
    const names = [...checkpoint.blocks.keys()].filter((name) => name.startsWith('device/model/encoder/'));
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) expect(after.blocks.get(name)?.values, name).toEqual(checkpoint.blocks.get(name)?.values);
    expect(blockOf(after, 'depth/up1/filter')).not.toEqual(blockOf(checkpoint, 'depth/up1/filter'));
  });

  it('does not begin without the network that it is to start from', async () => {
    await expect(run(configOf({ transfer: { file: 'a' } }))).rejects.toMatchObject({ code: 'TRANSFER_MISSING' });
    const torn = join(folder, 'torn');
    writeFileSync(torn, 'SIGSWCK1 and no more');
    await expect(run(configOf({ transfer: { file: 'a' } }), torn)).rejects.toMatchObject({ code: 'CHECKPOINT_TORN' });
  });
});

describe('the file of a network', () => {
  const networks = join(folder, 'networks');
  const place = { networks, folder, store: {} } as unknown as CheckpointPlace;
  const find = (file: string): Promise<unknown> => {
    const transfer: TransferConfig = { file, load: 'encoder' };
    return networkFile(place, transfer, undefined);
  };

  it('is found in its folder, and nowhere else', async () => {
    await expect(find('a')).rejects.toMatchObject({
      code: 'TRANSFER_MISSING',
      message: expect.stringContaining('not there') as string,
    });
    mkdirSync(join(networks, 'deep'), { recursive: true });
    writeFileSync(join(networks, 'deep', 'a'), '');
    writeFileSync(join(folder, 'outside'), '');
    symlinkSync(join(folder, 'outside'), join(networks, 'link'));
    await expect(find('deep/a')).resolves.toMatchObject({ file: expect.stringMatching(/deep.a$/) as string });
    await expect(find('link')).rejects.toMatchObject({
      message: expect.stringContaining('out of its folder') as string,
    });
  });

  it('of a trial that kept none is missing', async () => {
    await expect(networkFile(place, { trial: 'trial-1', load: 'encoder' }, undefined)).rejects.toMatchObject({
      code: 'TRANSFER_MISSING',
      message: expect.stringContaining('trial-1') as string,
    });
  });
});
