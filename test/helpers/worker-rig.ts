import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { identifyProcess } from '../../services/cli/stack/processes.js';
import { trialConfig, type TrialConfig } from '../../services/shared/trial-config.js';
import { packageRoot } from '../../services/shared/version.js';
import { until } from './deadline.js';

/** A worker process of the built program. */
export class WorkerRig {
  private stdout = '';
  private stderr = '';
  readonly ended: Promise<number | null>;

  private constructor(readonly process: ChildProcess) {
    process.stdout?.on('data', (data: Buffer) => (this.stdout += data.toString()));
    process.stderr?.on('data', (data: Buffer) => (this.stderr += data.toString()));
    this.ended = new Promise((resolve) => process.once('close', resolve));
  }

  /** Starts a worker on wasm; `ready` waits for it. */
  static start(natsUrl: string, cache: string, settings: Record<string, string> = {}): WorkerRig {
    const program = join(packageRoot, 'dist', 'services', 'worker', 'main.js');
    return new WorkerRig(
      spawn(process.execPath, [program], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          NATS_URL: natsUrl,
          SIGMASWEEP_CACHE: cache,
          SIGMASWEEP_BACKEND: 'wasm',
          SIGMASWEEP_SLOTS: '1',
          ...settings,
        },
      }),
    );
  }

  /** The line that says that it is ready. */
  async ready(): Promise<{ workerId: string; backend: string; slots: number; monitoring?: string }> {
    await until(
      () => {
        if (this.process.exitCode !== null) throw new Error(`the worker ended:\n${this.stderr}`);
        return this.stdout.includes('\n');
      },
      { deadlineMs: 60_000, what: 'the worker to be ready' },
    );
    return JSON.parse(this.stdout.split('\n')[0] ?? '') as {
      workerId: string;
      backend: string;
      slots: number;
      monitoring?: string;
    };
  }

  /** Everything it wrote to standard error. */
  get log(): string {
    return this.stderr;
  }

  /** Ids of the trainer processes it has started, in order. */
  get trainers(): number[] {
    return this.stderr
      .split('\n')
      .filter((line) => line.includes('a trainer is started'))
      .map((line) => (JSON.parse(line) as { trainer: number }).trainer);
  }

  async end(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
    await this.ended;
  }
}

/** A trial of a few seconds. */
export function tinyTrial(changes: Record<string, unknown> = {}): TrialConfig {
  return trialConfig.parse({
    version: 1,
    workload: 'street-scenes',
    data: { train: 24, validation: 8, test: 8, height: 16, width: 32, seed: 1 },
    tasks: ['semantic', 'depth'],
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

/** A trial that does not end by itself. */
export function endlessTrial(changes: Record<string, unknown> = {}): TrialConfig {
  return tinyTrial({ epochs: 1_000_000, ...changes });
}

/** Whether a process with this id runs; one that has ended and was not collected does not. */
export function isAlive(pid: number): boolean {
  return identifyProcess(pid) !== undefined;
}
