import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { natsSources, provideNatsServer, type NatsProgram } from '../../services/cli/stack/nats-provision.js';
import { startNats as startNatsOf } from '../../services/cli/stack/nats.js';
import { startPostgres as startPostgresOf } from '../../services/cli/stack/postgres.js';
import { isRunning } from '../../services/cli/stack/processes.js';
import { defaultCacheFolder, stateFolder, type StateFolder } from '../../services/cli/stack/state-folder.js';
import type { Supervised } from '../../services/cli/stack/supervise.js';
import { until } from './deadline.js';

/** A real server of a test, with its own temporary folder. */
export interface TestServer {
  /** Address with its credentials; the same after a restart. */
  readonly url: string;
  /** Where it keeps everything. */
  readonly folder: string;
  /** Ends it in order and removes its data; a second call does nothing. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL, as a crash would; its data stays. */
  kill(): Promise<void>;
  /** Ends it in order; its data stays. */
  halt(): Promise<void>;
  /** Starts it again on its data and port, after `kill` or `halt`, or while it runs. */
  restart(): Promise<void>;
  /** Lets it do nothing for so long, in milliseconds. */
  pause(milliseconds: number): Promise<void>;
}

type Started = Supervised & { readonly url: string };

async function testServer(start: (state: StateFolder) => Promise<Started>): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-server-'));
  // PostgreSQL has another account when root runs the tests, and has to get through.
  chmodSync(folder, 0o755);
  const state = stateFolder(join(folder, 'state'));
  let stopped = false;
  let server = await start(state).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  const { url } = server;
  return {
    url,
    folder,
    stop: async () => {
      if (stopped) return;
      stopped = true;
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
    kill: async () => {
      process.kill(server.identity.pid, 'SIGKILL');
      await until(() => !isRunning(server.identity), { deadlineMs: 10_000, what: 'the killed server to end' });
    },
    halt: () => server.stop(),
    pause: async (milliseconds) => {
      process.kill(server.identity.pid, 'SIGSTOP');
      await delay(milliseconds);
      process.kill(server.identity.pid, 'SIGCONT');
    },
    restart: async () => {
      if (isRunning(server.identity)) await server.stop();
      server = await start(state);
      if (server.url !== url) throw new Error(`restarted at another address: its port was taken in the meantime`);
    },
  };
}

let program: Promise<NatsProgram> | undefined;

/** The nats-server that `sigmasweep run` would take. */
export function provideNats(): Promise<NatsProgram> {
  const caches = [join(defaultCacheFolder(homedir(), process.env), 'nats-server')];
  program ??= provideNatsServer(natsSources({ path: process.env['PATH'] ?? '', caches }));
  return program;
}

/** A PostgreSQL with an empty database; what it writes need not survive a power loss. */
export function startPostgres(): Promise<TestServer> {
  return testServer((state) => startPostgresOf({ state, fsync: false }));
}

/** A nats-server with JetStream. */
export function startNats(): Promise<TestServer> {
  return testServer((state) => startNatsOf({ state, provide: provideNats, fsync: false }));
}
