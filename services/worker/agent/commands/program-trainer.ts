import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { errorRecord, SigmasweepError } from '../../../shared/errors.js';
import type { Logger } from '../../../shared/log.js';
import type { TrialConfig } from '../../../shared/trial-config.js';
import type { FromTrainer, ToTrainer } from '../../trainer-protocol.js';
import { settlesWithin } from '../pause.js';
import { OutputTail } from '../slot/output-tail.js';
import type { TrainerEnd } from '../slot/trainer-end.js';
import type { Trainer } from '../slot/trainer.js';
import type { Command } from './command-settings.js';
import type { ProcessGuard } from './guard.js';
import { Lines } from './lines.js';
import { hasGroups, signalGroup } from './process-group.js';
import { programConfig, trainedTasks } from './program-config.js';
import { makeProgramFolder } from './program-folder.js';
import { ProgramOutput, ProgramOutputError } from './program-output.js';

/** What all programs of a worker share. */
export interface ProgramContext {
  /** Folder of the trials' configurations and checkpoints. */
  readonly folder: string;
  /** The worker's environment, without its passwords. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly guard: ProcessGuard;
}

export interface ProgramTrial {
  readonly trialId: string;
  readonly attempt: number;
  readonly label: string;
  readonly config: TrialConfig;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

const longestLine = 1_000_000;
/** A program waits when it prints while so many bytes of reports wait, as while NATS is away. */
const mostWaitingBytes = 8 * 1024 ** 2;
/** Output is read at most at this rate, so that a program that prints without end does not keep the agent busy. */
const bytesPerSecond = 4 * 1024 ** 2;
const holdMs = 50;
/** After its end a program's last output may still be on its way. */
const outputAfterEndMs = 1000;
const deathHint = 'The end of what the program wrote says why; the log of the trial has more of it.';

/** One run of a command, as the trainer of one attempt. */
export class ProgramTrainer implements Trainer {
  readonly ended: Promise<TrainerEnd>;
  readonly stopGraceMs: number;
  onMessage: ((message: FromTrainer) => void) | undefined;

  private readonly output: ProgramOutput;
  private readonly tail = new OutputTail(() => undefined);
  private child: Child | undefined;
  private stopping = false;
  private answered = false;
  /** Pipes that are not read at the moment because their program has to wait. */
  private held = 0;
  private fault: unknown;
  private end: (end: TrainerEnd) => void = () => undefined;

  /** @param waitingBytes how much the attempt has reported that is not sent yet */
  constructor(
    private readonly command: Command,
    private readonly trial: ProgramTrial,
    private readonly context: ProgramContext,
    private readonly waitingBytes: () => number,
    private readonly logger: Logger,
  ) {
    this.stopGraceMs = command.stopGraceMs;
    this.output = new ProgramOutput(trainedTasks(trial.config));
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  send(message: ToTrainer): void {
    if (message.type === 'train') void this.run();
    else this.stop();
  }

  kill(): void {
    this.signal('SIGKILL');
  }

  private stop(): void {
    this.stopping = true;
    this.signal('SIGTERM');
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.child?.pid !== undefined) signalGroup(this.child.pid, signal);
  }

  /** Never rejects. */
  private async run(): Promise<void> {
    let end: TrainerEnd = { code: null, signal: null, output: '', hint: deathHint };
    try {
      const folder = makeProgramFolder(this.context.folder, this.trial.trialId, this.trial.attempt);
      await this.context.guard.ready();
      folder.write(programConfig(this.trial.config, { ...this.trial, checkpoints: folder.checkpoints }));
      const child = this.start(folder.configuration, folder.checkpoints);
      end = await this.untilEnded(child, end);
      this.conclude(end);
      if (end.code === 0 && this.fault === undefined && !this.stopping) folder.remove();
    } catch (error) {
      this.fail(error, !(error instanceof ProgramOutputError));
    }
    this.end(end);
  }

  private start(configuration: string, checkpoints: string): Child {
    const { trialId, attempt } = this.trial;
    const [program, ...args] = this.command.run;
    const child = spawn(program, args, {
      cwd: this.command.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: hasGroups,
      env: {
        // What Python prints is seen when it is printed, and not when a buffer is full.
        PYTHONUNBUFFERED: '1',
        ...this.context.environment,
        ...this.command.environment,
        SIGMASWEEP_CONFIG: configuration,
        SIGMASWEEP_TRIAL_CHECKPOINTS: checkpoints,
        SIGMASWEEP_TRIAL: trialId,
        SIGMASWEEP_ATTEMPT: String(attempt),
      },
    });
    this.child = child;
    if (child.pid !== undefined) this.context.guard.watch(child.pid);
    this.logger.info({ command: this.command.name, program: child.pid }, 'a program is started');
    // It was told to stop before it was there to be told.
    if (this.stopping) this.signal('SIGTERM');
    return child;
  }

  private async untilEnded(child: Child, unknown: TrainerEnd): Promise<TrainerEnd> {
    const ended = new Promise<Pick<TrainerEnd, 'code' | 'signal'>>((resolve, reject) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', (cause) => reject(notStarted(this.command, cause)));
    });
    const reading = Promise.all([this.readMessages(child.stdout), this.readErrors(child.stderr)]).catch(
      (error: unknown) => {
        this.fault ??= error;
        this.kill();
      },
    );
    try {
      const end = await ended;
      // What it started and left behind would hold its output open, and the GPU.
      this.kill();
      while (!(await settlesWithin(reading, outputAfterEndMs)) && this.held > 0);
      return { ...unknown, ...end, output: this.tail.tail() };
    } finally {
      if (child.pid !== undefined) this.context.guard.release(child.pid);
      child.stdout.destroy();
      child.stderr.destroy();
    }
  }

  private conclude({ code }: TrainerEnd): void {
    if (this.fault !== undefined) this.fail(this.fault, false);
    else if (this.stopping) this.say({ type: 'stopped' });
    else if (code === 0 && !this.answered) {
      this.output.expectResult();
      this.say({ type: 'succeeded' });
    }
    // Any other end is the agent's to explain.
  }

  private fail(error: unknown, retryable: boolean): void {
    if (!this.answered) this.say({ type: 'failed', error: errorRecord(error), retryable, ends: true });
  }

  private async readMessages(stream: Readable): Promise<void> {
    const lines = new Lines(longestLine, () => {
      return new ProgramOutputError(
        'OUTPUT_TOO_LONG',
        `The program printed a line of more than ${longestLine} characters`,
      );
    });
    const take = (line: string): void => {
      const message = this.output.read(line);
      if (message === undefined) return;
      if (message.type === 'log') this.tail.write(`${line}\n`);
      this.say(message);
    };
    await this.readSlowly(stream, (text) => {
      for (const line of lines.push(text)) take(line);
    });
    const rest = lines.end();
    if (rest !== '') take(rest);
  }

  private async readErrors(stream: Readable): Promise<void> {
    const lines = new OutputTail((line) => {
      const message = this.output.line('info', line.split('\r').at(-1) ?? '');
      if (message !== undefined) this.say(message);
    });
    await this.readSlowly(stream, (text) => {
      this.tail.write(text);
      lines.write(text);
    });
    lines.write('\n');
  }

  /** Reads a pipe no faster than is good for the agent; a program that prints more has to wait. */
  private async readSlowly(stream: Readable, take: (text: string) => void): Promise<void> {
    stream.setEncoding('utf8');
    let windowStart = performance.now();
    let bytes = 0;
    for await (const chunk of stream) {
      const text = chunk as string;
      take(text);
      bytes += text.length;
      const earliest = windowStart + (bytes / bytesPerSecond) * 1000;
      this.held += 1;
      while (this.waitingBytes() > mostWaitingBytes || performance.now() < earliest) await this.hold();
      this.held -= 1;
      if (performance.now() - windowStart > 1000) {
        windowStart = performance.now();
        bytes = 0;
      }
    }
  }

  /** A program that has to wait is not to be taken for one that hangs. */
  private async hold(): Promise<void> {
    await delay(holdMs);
    this.say({ type: 'opening' });
  }

  private say(message: FromTrainer): void {
    // What it says after it said that it has failed is not news.
    if (this.answered) return;
    this.answered = message.type === 'failed' || message.type === 'succeeded' || message.type === 'stopped';
    this.onMessage?.(message);
  }
}

function notStarted({ name, run, folder }: Command, cause: Error): SigmasweepError {
  return new SigmasweepError(
    'PROGRAM_NOT_STARTED',
    `The command ${name} (${run[0]}) could not be started in ${folder}: ${cause.message}`,
    { hint: 'Check the commands of this worker: the file that SIGMASWEEP_COMMANDS names.', cause },
  );
}
