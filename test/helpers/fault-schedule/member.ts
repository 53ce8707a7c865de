import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const restartMs = 300;

function shortLine(line: string): string {
  if (!line.endsWith('}')) return line.slice(0, 500);
  try {
    const { time, level, msg, err, ...more } = JSON.parse(line) as Record<string, unknown>;
    const { message = '' } = (err ?? {}) as { message?: string };
    return `${String(time)} ${String(level)} ${String(msg)} ${message} ${JSON.stringify(more)}`.slice(0, 500);
  } catch {
    return line.slice(0, 500);
  }
}

/** A process that is started again whenever it ends, as a service manager does it, and that faults can hit. */
export class Member {
  /** How it ended by itself, each time: it was not told to. */
  readonly ends: string[] = [];
  private child: ChildProcess;
  private holds = 0;
  private closed = false;
  private output = '';

  constructor(
    readonly name: string,
    private readonly start: () => ChildProcess,
  ) {
    this.child = this.launch();
  }

  /** What it has said on standard error lately, without stacks. */
  get log(): string {
    return this.output.split('\n').slice(-60).map(shortLine).join('\n');
  }

  /** Whether it has said that it is ready since its last start. */
  ready = false;

  /** Ends it with a signal, and keeps it from being started again for so long. */
  async end(signal: NodeJS.Signals, holdMs: number): Promise<void> {
    this.holds += 1;
    try {
      await this.signalAndWait(signal);
      await delay(holdMs);
    } finally {
      this.holds -= 1;
    }
    if (!this.closed && this.hasEnded()) this.child = this.launch();
  }

  async pause(holdMs: number): Promise<void> {
    const { child } = this;
    child.kill('SIGSTOP');
    await delay(holdMs);
    child.kill('SIGCONT');
  }

  /** Ends it for good. @returns its exit code */
  async close(graceMs: number): Promise<number | null> {
    this.closed = true;
    if (this.hasEnded()) return this.child.exitCode;
    const timer = setTimeout(() => this.child.kill('SIGKILL'), graceMs);
    await this.signalAndWait('SIGTERM');
    clearTimeout(timer);
    return this.child.exitCode;
  }

  private hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private async signalAndWait(signal: NodeJS.Signals): Promise<void> {
    if (this.hasEnded()) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }

  private launch(): ChildProcess {
    const child = this.start();
    this.ready = false;
    child.stdout?.on('data', () => (this.ready = true));
    child.stderr?.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-400_000)));
    child.once('exit', (code, signal) => {
      if (this.closed || this.holds > 0) return;
      this.ends.push(`${signal ?? `exit code ${String(code)}`}: ${this.log.split('\n').slice(-16).join(' | ')}`);
      this.output += `\n(${this.name} ended by itself: ${signal ?? `exit code ${String(code)}`})\n`;
      setTimeout(() => {
        if (!this.closed && this.holds === 0 && child === this.child) this.child = this.launch();
      }, restartMs);
    });
    return child;
  }
}
