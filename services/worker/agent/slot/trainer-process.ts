import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { SigmasweepError } from '../../../shared/errors.js';
import type { Logger } from '../../../shared/log.js';
import type { BackendRequest } from '../../../shared/trial-config.js';
import { packageRoot } from '../../../shared/version.js';
import type { FromTrainer, ToTrainer } from '../../trainer-protocol.js';
import { settlesWithin } from '../pause.js';
import { OutputTail } from './output-tail.js';
import type { TrainerEnd } from './trainer-end.js';
import type { Trainer } from './trainer.js';

export interface TrainerOptions {
  readonly backend: BackendRequest;
  readonly cacheFolder: string;
  /** See WorkloadFolders. */
  readonly dataFolder?: string | undefined;
  /** Workloads that it brings along: files and packages, seen from a folder. */
  readonly ownWorkloads?: { readonly places: readonly string[]; readonly folder: string };
  /** Threads that native TensorFlow has there; its environment sets them. */
  readonly threads: number;
  /** The whole environment of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** A trainer that has not opened its backend by then is killed. */
  readonly readyWithinMs?: number;
}

/** What a trainer said when it had opened its backend. */
export type TrainerFacts = Omit<Extract<FromTrainer, { type: 'ready' }>, 'type'>;

const program = join(packageRoot, 'dist', 'services', 'worker', 'trainer', 'main.js');
/** Opening a GPU the first time can compile its kernels. */
const defaultReadyWithinMs = 180_000;
/** After its end a process's last output may still be on its way. */
const outputAfterEndMs = 1000;

/** One trainer child process, from its start to its end. */
export class TrainerProcess implements Trainer {
  readonly stopGraceMs = 5000;
  /** Rejects with the backend's own error, or with TRAINER_NOT_STARTED. */
  readonly ready: Promise<TrainerFacts>;
  /** Never rejects. */
  readonly ended: Promise<TrainerEnd>;
  /** Aborted when the process has ended. */
  readonly gone: AbortSignal;
  /** Takes what the trainer says of its trial. */
  onMessage: ((message: FromTrainer) => void) | undefined;

  private readonly child: ChildProcess;
  private readonly output: OutputTail;
  private closing = false;

  constructor(options: TrainerOptions) {
    const args = ['--backend', options.backend, '--cache', options.cacheFolder, '--threads', String(options.threads)];
    if (options.dataFolder !== undefined) args.push('--data', options.dataFolder);
    for (const place of options.ownWorkloads?.places ?? []) args.push('--workload', place);
    if (options.ownWorkloads !== undefined) args.push('--workloads-from', options.ownWorkloads.folder);
    this.child = fork(program, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...options.environment },
      execArgv: [],
    });
    const logger = options.logger.child({ trainer: this.child.pid });
    logger.info('a trainer is started');
    this.output = new OutputTail((line) => logger.info(line));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', this.output.write);
    }
    const gone = new AbortController();
    this.gone = gone.signal;
    this.ended = this.untilEnded().then((end) => {
      gone.abort();
      return end;
    });
    this.ready = this.untilReady(options.readyWithinMs ?? defaultReadyWithinMs);
    // Whoever waits for it hears of it; a trainer that nobody waits for may fail.
    this.ready.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get isGone(): boolean {
    return this.gone.aborted;
  }

  /** A trainer that is gone hears nothing; `ended` tells of it. */
  send(message: ToTrainer): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** Ends the process: without its agent a trainer ends by itself, and is killed if it does not. */
  async close(graceMs: number): Promise<void> {
    this.closing = true;
    if (this.child.connected) this.child.disconnect();
    if (await settlesWithin(this.ended, graceMs)) return;
    this.kill();
    await this.ended;
  }

  private async untilReady(withinMs: number): Promise<TrainerFacts> {
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      this.kill();
    }, withinMs);
    try {
      return await new Promise<TrainerFacts>((resolve, reject) => {
        this.child.on('message', (received) => {
          const message = received as FromTrainer;
          if (message.type === 'ready') resolve(message);
          else if (message.type === 'unusable') {
            const { code, message: text, hint } = message.error;
            reject(new SigmasweepError(code, text, hint === undefined ? {} : { hint }));
          } else this.onMessage?.(message);
        });
        void this.ended.then((end) => reject(notStarted(end, late ? withinMs : undefined)));
      });
    } finally {
      clearTimeout(deadline);
    }
  }

  private untilEnded(): Promise<TrainerEnd> {
    return new Promise((resolve) => {
      let failure = '';
      const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
        resolve({ code, signal, output: [this.output.tail(), failure].filter((text) => text !== '').join('\n') });
      };
      this.child.once('error', (error) => {
        failure = String(error);
        // A process that could not be started has no id and no end of its own.
        if (this.child.pid === undefined) finish(null, null);
      });
      // `close` comes when its output and messages are read to the end. A grandchild can hold them open, and when the
      // channel was closed from here it does not come at all.
      this.child.once('exit', (code, signal) => {
        if (this.closing) finish(code, signal);
        else setTimeout(() => finish(code, signal), outputAfterEndMs).unref();
      });
      this.child.once('close', finish);
    });
  }
}

function notStarted({ code, signal, output }: TrainerEnd, lateMs: number | undefined): SigmasweepError {
  const how = lateMs === undefined ? (signal ?? `exit code ${String(code)}`) : `killed after ${lateMs / 1000} s`;
  return new SigmasweepError('TRAINER_NOT_STARTED', `A trainer ended before it was ready (${how}): ${output}`, {
    hint: 'Try `--backend wasm`, or look at the worker’s log for what it wrote.',
  });
}
