import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { until } from './deadline.js';
import { provideNats } from './servers.js';

/** A nats-server with a configuration of a test's own. */
export interface NatsProcess {
  readonly port: number;
  /** What it has logged, over all its starts. */
  log(): string;
  end(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again after `end`; resolves when it listens. */
  start(): Promise<void>;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}

/**
 * @param file where its configuration is written
 * @param config without its address
 * @param environment what the configuration names by `$NAME`
 */
export async function startNatsProcess(
  file: string,
  port: number,
  config: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<NatsProcess> {
  const { path } = await provideNats();
  writeFileSync(file, config);
  let log = '';
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const started = spawn(path, ['-c', file, '-a', '127.0.0.1', '-p', String(port)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environment },
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk: Buffer) => (log += String(chunk)));
    await until(
      () => {
        if (started.exitCode !== null) return true;
        return listens(port);
      },
      { deadlineMs: 20_000, what: 'nats-server to listen' },
    );
    if (started.exitCode !== null) throw new Error(`nats-server ended:\n${log}`);
  };
  await start();
  return {
    port,
    log: () => log,
    start,
    end: async (signal) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}
