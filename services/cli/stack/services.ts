import { serviceStopSteps, supervise, whenReady, type Supervised } from './supervise.js';
import type { StopStep } from './processes.js';

/** The line of JSON that a service writes to standard output once it does its work. */
export interface ReadyLine extends Readonly<Record<string, unknown>> {
  readonly ready: true;
  /** Where it is reached, if it listens. */
  readonly url?: string;
}

/** One of sigmasweep's own services, to be started as a Node process. */
export interface ServiceOptions {
  readonly name: string;
  /** Path of its compiled main.js. */
  readonly script: string;
  readonly args?: readonly string[];
  /** The whole environment of the service. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  readonly cwd?: string;
  readonly readyWithinMs?: number;
  readonly stopSteps?: readonly StopStep[];
  /** Told of the process as soon as it exists, so that it can be written down before it is ready. */
  readonly onStarted?: (service: Supervised) => void;
}

/** A service that has said that it is ready. */
export interface RunningService extends Supervised {
  readonly ready: ReadyLine;
}

/** Finds the ready line among the lines of a log, whole lines only. */
export function findReadyLine(text: string): ReadyLine | undefined {
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (!line.startsWith('{') || !line.includes('"ready"')) continue;
    try {
      const value = JSON.parse(line) as Record<string, unknown>;
      if (value['ready'] === true) return value as ReadyLine;
    } catch {
      // A line of a log that only looks like the ready line.
    }
  }
  return undefined;
}

/**
 * Starts a service and waits until it says that it is ready. Its log file takes both of its outputs.
 * @throws SigmasweepError PROCESS_ENDED or PROCESS_NOT_READY with the end of its log
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const supervised = await supervise({
    name: options.name,
    command: process.execPath,
    args: [options.script, ...(options.args ?? [])],
    env: options.env,
    cwd: options.cwd,
    logFile: options.logFile,
    stopSteps: options.stopSteps ?? serviceStopSteps,
  });
  options.onStarted?.(supervised);
  const ready = await whenReady(supervised, () => findReadyLine(supervised.logged()), options.readyWithinMs ?? 30_000);
  return { ...supervised, ready };
}
