import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { metricPoint } from '../../services/shared/messages/reports.js';
import { backendRequests, trialConfig, type TrialConfig } from '../../services/shared/trial-config.js';
import type { FromTrainer, ToTrainer } from '../../services/worker/trainer-protocol.js';

const program = join(import.meta.dirname, '../../dist/services/worker/trainer/main.js');
const deadlineMilliseconds = 60_000;

/** A trainer child with everything it said. */
class Child {
  readonly messages: FromTrainer[] = [];
  private wake: () => void = () => undefined;

  private constructor(
    readonly process: ChildProcess,
    private readonly cache: string,
  ) {
    process.on('message', (message) => {
      this.messages.push(message as FromTrainer);
      this.wake();
    });
    process.on('exit', () => this.wake());
  }

  static start(cache: string): Child {
    const args = ['--backend', 'wasm', '--cache', cache];
    return new Child(fork(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }), cache);
  }

  send(message: ToTrainer): void {
    this.process.send(message);
  }

  /** The first message at or after a position for which the condition holds. */
  async until(found: (message: FromTrainer) => boolean, from = 0): Promise<FromTrainer> {
    const deadline = Date.now() + deadlineMilliseconds;
    for (;;) {
      const message = this.messages.slice(from).find(found);
      if (message !== undefined) return message;
      if (this.process.exitCode !== null) throw new Error(`the trainer ended with ${this.process.exitCode}`);
      await new Promise<void>((resolve, reject) => {
        const said = this.messages.map(({ type }) => type).join(', ');
        const late = setTimeout(
          () => reject(new Error(`no such message in time; it said: ${said}`)),
          deadline - Date.now(),
        );
        this.wake = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
  }

  /** Trains one trial and gives everything that was said about it, ending with the answer. */
  async train(config: TrialConfig, onMessage?: (message: FromTrainer) => boolean): Promise<FromTrainer[]> {
    const from = this.messages.length;
    this.send({ type: 'train', trialId: 'trial-1', attempt: 1, config, checkpointFolder: this.cache });
    if (onMessage !== undefined) {
      await this.until(onMessage, from);
      this.send({ type: 'stop', checkpoint: false });
    }
    await this.until(({ type }) => type === 'succeeded' || type === 'failed' || type === 'stopped', from);
    return this.messages.slice(from);
  }
}

function config(changes: Record<string, unknown> = {}): TrialConfig {
  return trialConfig.parse({
    version: 1,
    workload: 'street-scenes',
    data: { train: 24, validation: 6, test: 6, height: 16, width: 32, seed: 1 },
    tasks: ['semantic', 'instance', 'depth'],
    weighting: { method: 'uncertainty' },
    model: { name: 'hard-sharing', encoder: [8, 8, 8], head: 8 },
    optimizer: { name: 'adam' },
    epochs: 2,
    batchSize: 8,
    seed: 3,
    limits: { parameters: 1_000_000, stallSeconds: 60 },
    ...changes,
  });
}

/** Metric points without those that hold times, in order. */
function untimedPoints(messages: readonly FromTrainer[]): unknown[] {
  return messages
    .flatMap((message) => (message.type === 'metrics' ? message.points : []))
    .filter(({ metric }) => !metric.endsWith('PerStep') && !metric.endsWith('Seconds'));
}

describe('the trainer child', () => {
  let cache: string;
  const children: Child[] = [];

  async function ready(): Promise<{ child: Child; greeting: FromTrainer }> {
    const child = Child.start(cache);
    children.push(child);
    return { child, greeting: await child.until(({ type }) => type === 'ready') };
  }

  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'sigmasweep-trainer-'));
  });
  afterEach(() => children.splice(0).forEach(({ process }) => process.kill('SIGKILL')));
  afterAll(() => rm(cache, { recursive: true, force: true }));

  it('says which backend it opened, trains trials one after the other and reports them', async () => {
    const { child, greeting } = await ready();
    expect(greeting).toMatchObject({ type: 'ready', backend: 'wasm' });

    const first = await child.train(config());
    expect(first.at(-1)).toEqual({ type: 'succeeded' });
    const points = first.flatMap((message) => (message.type === 'metrics' ? message.points : []));
    for (const point of points) expect(metricPoint.safeParse(point).success, JSON.stringify(point)).toBe(true);
    for (const task of ['semantic', 'instance', 'depth']) {
      expect(points.some((point) => point.split === 'test' && point.epoch === 2 && point.task === task)).toBe(true);
    }
    // The input, and of three tasks truth, prediction and error each: of two samples at first, of four at the end.
    expect(first.filter(({ type }) => type === 'picture')).toHaveLength((2 + 4) * (1 + 3 * 3));

    // The same trial again, in the same process and in a new one, gives the same numbers to the last bit.
    const again = await child.train(config());
    expect(untimedPoints(again)).toEqual(untimedPoints(first));
    const { child: other } = await ready();
    expect(untimedPoints(await other.train(config()))).toEqual(untimedPoints(first));
    expect(untimedPoints(first).length).toBeGreaterThan(50);
  }, 120_000);

  it('stops when told to, and then trains another trial', async () => {
    const { child } = await ready();
    const long = config({ epochs: 100_000 });
    const stopped = await child.train(long, ({ type }) => type === 'metrics');
    expect(stopped.at(-1)).toEqual({ type: 'stopped' });
    expect((await child.train(config({ epochs: 1 }))).at(-1)).toEqual({ type: 'succeeded' });
  }, 120_000);

  it('answers a trial that cannot be trained with its error and goes on', async () => {
    const { child } = await ready();
    const failure = async (changes: Record<string, unknown>): Promise<FromTrainer | undefined> =>
      (await child.train(config(changes))).at(-1);
    expect(await failure({ limits: { parameters: 10, stallSeconds: 60 } })).toMatchObject({
      type: 'failed',
      error: { code: 'MODEL_TOO_LARGE' },
      retryable: false,
    });
    expect(await failure({ data: { height: 17 } })).toMatchObject({
      type: 'failed',
      error: { code: 'DATA_INVALID', message: expect.stringContaining('data.height') as string },
      retryable: false,
    });
    expect(
      await failure({ optimizer: { name: 'sgd', learningRate: 10, schedule: 'constant', momentum: 0.9 }, epochs: 20 }),
    ).toMatchObject({ type: 'failed', error: { code: 'TRAINING_DIVERGED' }, retryable: false });
    expect(await failure({ epochs: 1 })).toEqual({ type: 'succeeded' });
  }, 120_000);

  it('ends when its agent is gone, also while it trains', async () => {
    const { child } = await ready();
    const endless = config({ epochs: 100_000 });
    child.send({ type: 'train', trialId: 'trial-1', attempt: 1, config: endless, checkpointFolder: cache });
    await child.until(({ type }) => type === 'metrics');
    const ended = new Promise<number | null>((resolve) => child.process.once('exit', (code) => resolve(code)));
    child.process.disconnect();
    expect(await ended).toBe(0);
  }, 120_000);

  it('refuses to be started by hand', async () => {
    const child = fork(program, ['--backend', 'abacus', '--cache', cache], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let said = '';
    child.stderr?.on('data', (data: Buffer) => (said += data.toString()));
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).not.toBe(0);
    expect(said).toContain(backendRequests.join('|'));
  }, 60_000);
});
