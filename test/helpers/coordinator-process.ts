import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { packageRoot } from '../../services/shared/version.js';
import { until } from './deadline.js';

/** A coordinator in a process of its own, as `sigmasweep up` starts it. */
export interface CoordinatorProcess {
  readonly pid: number;
  /** Sends a signal and waits for the end; gives back the exit code, or null after SIGKILL. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** What it has logged so far. */
  log(): string;
  isReady(): boolean;
  isRunning(): boolean;
  /** What the line says that tells that it is ready. */
  readyLine(): Record<string, unknown>;
}

export interface CoordinatorSettings {
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly leaseSeconds?: number;
  /** Where checkpoints are kept; in NATS if left out. */
  readonly checkpoints?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** The process alone, with its output to be read by whoever starts it. */
export function launchCoordinator({
  databaseUrl,
  natsUrl,
  leaseSeconds = 30,
  checkpoints = 'nats',
  settings = {},
}: CoordinatorSettings): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [join(packageRoot, 'dist', 'services', 'coordinator', 'main.js')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      NATS_URL: natsUrl,
      SIGMASWEEP_LEASE_SECONDS: String(leaseSeconds),
      SIGMASWEEP_CHECKPOINTS: checkpoints,
      ...settings,
    },
  });
}

/** Starts the compiled coordinator without waiting until it is ready. */
export function spawnCoordinator(settings: CoordinatorSettings): CoordinatorProcess {
  const child = launchCoordinator(settings);
  let stdout = '';
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  return {
    pid: child.pid ?? -1,
    end: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
    log: () => log,
    isReady: () => stdout.includes('"ready":true'),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    readyLine: () => JSON.parse(stdout.split('\n')[0] ?? '') as Record<string, unknown>,
  };
}

export async function startCoordinatorProcess(settings: CoordinatorSettings): Promise<CoordinatorProcess> {
  const started = spawnCoordinator(settings);
  await until(() => started.isReady(), { deadlineMs: 30_000, what: 'the coordinator to be ready' }).catch(
    async (error: unknown) => {
      await started.end('SIGKILL');
      throw new Error(`the coordinator did not start: ${started.log()}`, { cause: error });
    },
  );
  return started;
}
