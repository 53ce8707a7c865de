import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SigmasweepError } from '../../../shared/errors.js';
import { packageRoot } from '../../../shared/version.js';

const program = join(packageRoot, 'dist', 'services', 'worker', 'agent', 'commands', 'guard-process.js');

/**
 * Ends programs when the worker is killed and can no longer do so: they would go on training, and hold the GPU, for an
 * attempt whose lease has ended. A program does not notice the end of its parent by itself, so a process of ours does.
 */
export class ProcessGuard {
  private guard: ChildProcess | undefined;
  private starting: Promise<void> | undefined;
  private readonly watched = new Set<number>();

  /**
   * Resolves when the programs that are started from now on are watched.
   * @throws SigmasweepError GUARD_NOT_STARTED
   */
  async ready(): Promise<void> {
    if (this.guard?.connected === true) return this.starting;
    this.starting = this.start();
    return this.starting;
  }

  watch(pid: number): void {
    this.watched.add(pid);
    this.tell(pid, true);
  }

  release(pid: number): void {
    this.watched.delete(pid);
    this.tell(pid, false);
  }

  close(): void {
    if (this.guard?.connected === true) this.guard.disconnect();
  }

  private async start(): Promise<void> {
    const guard = fork(program, { stdio: 'ignore', execArgv: [] });
    this.guard = guard;
    const failed = once(guard, 'exit').then(([code]) => {
      throw new SigmasweepError('GUARD_NOT_STARTED', `The guard of the programs ended (exit code ${String(code)})`, {
        hint: 'Without it a program could go on after its worker was killed; programs are not started.',
      });
    });
    failed.catch(() => undefined);
    await Promise.race([once(guard, 'message'), failed]);
    guard.unref();
    guard.channel?.unref();
    for (const pid of this.watched) this.tell(pid, true);
  }

  private tell(pid: number, watch: boolean): void {
    if (this.guard?.connected === true) this.guard.send({ pid, watch }, () => undefined);
  }
}
