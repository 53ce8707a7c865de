import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { platform } from 'node:os';
import { poll } from './poll.js';

/** A process that is told apart from a later one that was given the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in the system's own form; only ever compared. */
  readonly started: string;
}

/** A signal and how long a process may take to end after it; `group` sends it to the children as well. */
export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
  readonly group?: boolean;
}

/** Linux tells it without starting a program; `state` Z is a process that has ended and was not collected yet. */
function identifyByProc(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in brackets, which may hold anything; the rest are plain words.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const ticks = fields[19];
  if (state === undefined || ticks === undefined) return undefined;
  if ((state === 'Z' || state === 'X') && !hasOtherThreads(pid)) return undefined;
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return { pid, started: `${boot}/${ticks}` };
}

/** A killed program's first thread can be gone while others still hold its ports and files. */
function hasOtherThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${String(pid)}/task`).length > 1;
  } catch {
    return false;
  }
}

function identifyByPs(pid: number): ProcessIdentity | undefined {
  const { stdout, status } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const match = /^\s*(\S+)\s+(.+?)\s*$/.exec(status === 0 ? stdout : '');
  if (match?.[1] === undefined || match[2] === undefined || match[1].startsWith('Z')) return undefined;
  return { pid, started: match[2] };
}

/** The identity of a running process, or undefined when there is none with this id. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return platform() === 'linux' ? identifyByProc(pid) : identifyByPs(pid);
}

/** The identity of this very process. */
export function ownIdentity(): ProcessIdentity {
  return identifyProcess(process.pid) ?? { pid: process.pid, started: 'unknown' };
}

/** Whether this process, and not a later one with the same id, runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.started === identity.started;
}

/** A process's command line with blanks between its words; empty when it cannot be read. */
export function commandLine(pid: number): string {
  if (platform() === 'linux') {
    try {
      return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
        .replaceAll('\0', ' ')
        .trim();
    } catch {
      return '';
    }
  }
  return spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}

/**
 * Whether the system still counts an id as taken: by any program, or by one that ended and that nobody has collected
 * (containers without an init process keep those).
 */
export function isIdTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The ids of the processes that work in a folder; empty where the system does not tell. */
export function processesIn(folder: string): number[] {
  if (platform() !== 'linux') return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === folder;
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Ends with true once the process is gone, or with false when the time is up. */
export async function waitForExit(identity: ProcessIdentity, deadlineMs: number): Promise<boolean> {
  return (await poll(() => (isRunning(identity) ? undefined : true), { deadlineMs })) ?? false;
}

function sendSignal(identity: ProcessIdentity, step: StopStep): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(step.group === true ? -identity.pid : identity.pid, step.signal);
  } catch (error) {
    // It ended on its own between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Ends one process by its id, one signal after the other, each with its grace.
 * @returns false when it still runs after the last step
 */
export async function stopProcess(identity: ProcessIdentity, steps: readonly StopStep[]): Promise<boolean> {
  for (const step of steps) {
    sendSignal(identity, step);
    if (await waitForExit(identity, step.graceMs)) return true;
  }
  return !isRunning(identity);
}
