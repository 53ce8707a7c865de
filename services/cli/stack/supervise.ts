import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { SigmasweepError } from '../../shared/errors.js';
import { redact } from '../../shared/log.js';
import { logTail, openLog, readLog } from './log-file.js';
import { poll } from './poll.js';
import { identifyProcess, isRunning, stopProcess, type ProcessIdentity, type StopStep } from './processes.js';

/** A process of the stack that runs in the background. */
export interface Supervised {
  readonly name: string;
  readonly identity: ProcessIdentity;
  readonly logFile: string;
  /** Resolves with an error that quotes the log when the process ends without `stop`; never rejects. */
  readonly failure: Promise<SigmasweepError>;
  /** The text it has logged since it was started. */
  logged(): string;
  /** Ends it by its id. @throws SigmasweepError PROCESS_DOES_NOT_STOP */
  stop(): Promise<void>;
}

/** What is started, where it logs, and how it is stopped. */
export interface SuperviseOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; this process's own when left out. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly cwd?: string | undefined;
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
  readonly logFile: string;
  readonly stopSteps?: readonly StopStep[] | undefined;
}

/** What a service gets: time to hand its work back, then the end, for its children too. */
export const serviceStopSteps: readonly StopStep[] = [
  { signal: 'SIGTERM', graceMs: 20_000 },
  { signal: 'SIGKILL', graceMs: 5_000, group: true },
];

/** Ends a process, or says that it did not end. */
export async function stopOrThrow(
  name: string,
  identity: ProcessIdentity,
  steps: readonly StopStep[] = serviceStopSteps,
): Promise<void> {
  if (await stopProcess(identity, steps)) return;
  throw new SigmasweepError('PROCESS_DOES_NOT_STOP', `${name} (process ${identity.pid}) did not end after SIGKILL.`, {
    ids: { pid: identity.pid },
    hint: 'It waits for a disk or device; look at it with ps, and stop it by hand.',
  });
}

/**
 * Starts a process in a session of its own, so that Ctrl-C in the terminal reaches only the one who stops the stack in
 * order; its output goes to its log file, so that it can outlive this process.
 * @throws SigmasweepError PROCESS_NOT_STARTED when the system cannot start it
 */
export async function supervise(options: SuperviseOptions): Promise<Supervised> {
  const { name, logFile } = options;
  const log = openLog(logFile);
  let stopping = false;
  try {
    const child = spawn(options.command, options.args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.account === undefined ? {} : { uid: options.account.uid, gid: options.account.gid }),
    });
    const failure = new Promise<SigmasweepError>((resolve) => {
      child.once('exit', (code, signal) => {
        if (!stopping) resolve(unexpectedEnd(name, signal ?? `exit code ${String(code)}`, logFile, log.offset));
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    const pid = child.pid ?? 0;
    // One that ended at once has no identity any more; it is then simply not running.
    const identity = identifyProcess(pid) ?? { pid, started: 'ended' };
    return {
      name,
      identity,
      logFile,
      failure,
      logged: () => readLog(logFile, log.offset),
      stop: async () => {
        stopping = true;
        await stopOrThrow(name, identity, options.stopSteps);
      },
    };
  } catch (cause) {
    throw new SigmasweepError('PROCESS_NOT_STARTED', `${name} cannot be started: ${String(cause)}`, {
      hint: `The program is ${options.command}: check that it exists and may be executed.`,
      cause,
    });
  } finally {
    closeSync(log.fd);
  }
}

function unexpectedEnd(name: string, how: string, logFile: string, offset: number): SigmasweepError {
  return new SigmasweepError(
    'PROCESS_ENDED',
    `${name} ended unexpectedly (${how}). The end of its log:\n${redact(logTail(logFile, offset))}`,
    { hint: `The whole log is ${logFile}.` },
  );
}

/**
 * Waits until a started process is ready.
 * @param ready answers with what is wanted, or undefined for "not yet"
 * @throws SigmasweepError PROCESS_ENDED when it ends instead, PROCESS_NOT_READY when it takes too long (it is stopped)
 */
export async function whenReady<Answer>(
  supervised: Supervised,
  ready: () => Promise<Answer | undefined> | Answer | undefined,
  deadlineMs: number,
): Promise<Answer> {
  const answer = await poll(
    async () => {
      const found = await ready();
      if (found !== undefined) return { found };
      // The exit event follows the end closely; the failure it brings names the exit code.
      if (!isRunning(supervised.identity)) throw await supervised.failure;
      return undefined;
    },
    { deadlineMs },
  ).catch(async (error: unknown) => {
    await supervised.stop();
    throw error;
  });
  if (answer !== undefined) return answer.found;
  await supervised.stop();
  throw new SigmasweepError(
    'PROCESS_NOT_READY',
    `${supervised.name} was not ready within ${deadlineMs / 1000} s. The end of its log:\n${redact(logTail(supervised.logFile))}`,
    { hint: `The whole log is ${supervised.logFile}.` },
  );
}

/** Takes over a process that an earlier command started: its end is noticed by looking, as only a parent is told. */
export function adopt(
  name: string,
  identity: ProcessIdentity,
  logFile: string,
  stopSteps: readonly StopStep[] = serviceStopSteps,
): Supervised {
  let timer: NodeJS.Timeout | undefined;
  const failure = new Promise<SigmasweepError>((resolve) => {
    timer = setInterval(() => {
      if (isRunning(identity)) return;
      clearInterval(timer);
      resolve(unexpectedEnd(name, 'by itself', logFile, 0));
    }, 500);
    timer.unref();
  });
  return {
    name,
    identity,
    logFile,
    failure,
    logged: () => readLog(logFile),
    stop: async () => {
      clearInterval(timer);
      await stopOrThrow(name, identity, stopSteps);
    },
  };
}
