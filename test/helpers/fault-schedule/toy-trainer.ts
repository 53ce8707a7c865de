import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReadyTrainer, SlotTrainer, TrainerSource } from '../../../services/worker/agent/slot/trainer.js';
import type { TrainerEnd } from '../../../services/worker/agent/slot/trainer-end.js';
import { hashOfText } from '../../../services/worker/trainer/random.js';
import type { FromTrainer, ToTrainer } from '../../../services/worker/trainer-protocol.js';
import { pointsOf } from './toy-points.js';

type Training = Extract<ToTrainer, { type: 'train' }>;

/** One trial of so many fails its first attempt, one dies in it, one keeps checkpoints. */
const every = { failure: 23, death: 29, checkpoint: 3 } as const;

/**
 * Trains nothing: says what a trainer says, at a pace of several trials a second, inside the agent's process. What is
 * under test is all around it: agent, claims, leases, reports, checkpoints on their way.
 */
export class ToyTrainer implements SlotTrainer {
  readonly stopGraceMs = 2000;
  readonly ended: Promise<TrainerEnd>;
  readonly gone: AbortSignal;
  onMessage: ((message: FromTrainer) => void) | undefined;
  private readonly going = new AbortController();
  private stopping: AbortController | undefined;
  private end: (end: TrainerEnd) => void = () => undefined;

  /** @param epochMs how long an epoch takes */
  constructor(private readonly epochMs: number) {
    this.gone = this.going.signal;
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  get isGone(): boolean {
    return this.gone.aborted;
  }

  send(message: ToTrainer): void {
    if (this.isGone) return;
    if (message.type === 'stop') {
      this.stopping?.abort();
      return;
    }
    const stopping = new AbortController();
    this.stopping = stopping;
    void this.train(message, stopping.signal);
  }

  kill(): void {
    this.die('SIGKILL');
  }

  private say(message: FromTrainer): void {
    if (!this.isGone) this.onMessage?.(message);
  }

  private die(signal: NodeJS.Signals): void {
    this.stopping?.abort();
    this.going.abort();
    this.end({ code: null, signal, output: 'a toy' });
  }

  private async train({ trialId, attempt, config, checkpointFolder, resume }: Training, stop: AbortSignal) {
    const { epochs } = config;
    const dice = (name: keyof typeof every): boolean => hashOfText(trialId, every[name]) % every[name] === 0;
    const from = resume === undefined ? 0 : Number(JSON.parse(readFileSync(resume.file, 'utf8')));
    if (resume !== undefined) this.say({ type: 'resumed', attempt: resume.attempt, step: resume.step });
    // What was reported before the checkpoint is said again.
    for (let epoch = 1; epoch <= from; epoch += 1) {
      this.say({ type: 'metrics', points: pointsOf(trialId, epoch, epochs) });
    }
    for (let epoch = from + 1; epoch <= epochs; epoch += 1) {
      this.say({ type: 'progress', step: epoch - 1, steps: epochs });
      await delay(this.epochMs, undefined, { signal: stop }).catch(() => undefined);
      if (stop.aborted) {
        this.say({ type: 'stopped' });
        return;
      }
      if (attempt === 1 && epoch === epochs && dice('failure')) {
        const error = { code: 'TOY_FAILURE', message: 'a toy that fails once' };
        this.say({ type: 'failed', error, retryable: true, ends: false });
        return;
      }
      if (attempt === 1 && epoch === epochs && dice('death')) {
        this.die('SIGSEGV');
        return;
      }
      this.say({ type: 'metrics', points: pointsOf(trialId, epoch, epochs) });
      this.say({ type: 'log', level: 'info', text: `epoch ${epoch}` });
      if (epoch < epochs && dice('checkpoint'))
        this.writeCheckpoint(join(checkpointFolder, `${trialId}.${attempt}`), epoch);
    }
    this.say({ type: 'progress', step: epochs, steps: epochs });
    this.say({ type: 'succeeded' });
  }

  private writeCheckpoint(path: string, epoch: number): void {
    const content = JSON.stringify(epoch);
    const file = `${path}.${epoch}`;
    writeFileSync(file, content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    this.say({ type: 'checkpoint', file, bytes: content.length, sha256, step: epoch, epoch, final: false });
  }
}

/** Gives a slot a toy, and another one when it has died. */
export class ToySupply implements TrainerSource {
  private current: ToyTrainer | undefined;

  constructor(private readonly epochMs: number) {}

  take(signal: AbortSignal): Promise<ReadyTrainer | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (this.current === undefined || this.current.isGone) this.current = new ToyTrainer(this.epochMs);
    return Promise.resolve({ trainer: this.current, facts: { backend: 'toy', device: 'none', workloads: [] } });
  }

  close(): Promise<void> {
    this.current?.kill();
    return Promise.resolve();
  }
}
