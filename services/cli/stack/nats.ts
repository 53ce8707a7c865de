import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { connectNats } from '../../shared/nats/connect.js';
import { natsConfig } from './nats-config.js';
import type { NatsProgram } from './nats-provision.js';
import { compareNatsVersions, formatNatsVersion, parseNatsVersion } from './nats-version.js';
import { poll } from './poll.js';
import { freePort, loopback } from './ports.js';
import { commandLine, identifyProcess, processesIn, type ProcessIdentity, type StopStep } from './processes.js';
import { prepareStateFolder, writeSecretFile, type StateFolder } from './state-folder.js';
import { adopt, supervise, whenReady, type Supervised } from './supervise.js';

/** A nats-server with JetStream that accepts connections. */
export interface RunningNats extends Supervised {
  /** nats:// with the token. */
  readonly url: string;
  readonly pid: number;
  readonly port: number;
  /** It ran already, and was taken over. */
  readonly adopted: boolean;
}

export interface NatsOptions {
  readonly state: StateFolder;
  /** Asked for a program only when a server has to be started. */
  readonly provide: () => Promise<NatsProgram>;
  /** Off, a power loss can lose the last minutes of the streams: only for tests. */
  readonly fsync?: boolean;
  /** Recovering large streams counts. */
  readonly readyWithinMs?: number;
}

// It closes its streams in order at SIGTERM; what was not written then is in its clients' hands or in PostgreSQL.
const stopSteps: readonly StopStep[] = [
  { signal: 'SIGTERM', graceMs: 15_000 },
  { signal: 'SIGKILL', graceMs: 5000 },
];

const name = 'nats-server';

const credentialsSchema = z.object({
  token: z.string().min(16),
  port: z.number().int().optional(),
  /** Of the server that last wrote the store. */
  version: z.string().optional(),
});
type Credentials = z.output<typeof credentialsSchema>;

interface Paths {
  readonly home: string;
  readonly config: string;
  readonly store: string;
  readonly pidFile: string;
  readonly credentials: string;
  readonly log: string;
}

function pathsOf(state: StateFolder): Paths {
  const home = existsSync(state.nats) ? realpathSync(state.nats) : state.nats;
  return {
    home,
    config: join(home, 'nats-server.conf'),
    store: join(home, 'jetstream'),
    pidFile: join(home, 'nats-server.pid'),
    credentials: join(home, 'credentials.json'),
    log: join(state.logs, 'nats-server.log'),
  };
}

function readCredentials(paths: Paths): Credentials | undefined {
  try {
    return credentialsSchema.parse(JSON.parse(readFileSync(paths.credentials, 'utf8')));
  } catch {
    return undefined;
  }
}

function natsUrl(token: string, port: number): string {
  return `nats://${token}@${loopback}:${port}`;
}

/**
 * The server that runs on a state folder: the one whose id it wrote down, or the one that works in the folder (it was
 * killed before it wrote its id). The configuration among its arguments tells it from others.
 */
function runningServer(paths: Paths): ProcessIdentity | undefined {
  const written = existsSync(paths.pidFile) ? Number.parseInt(readFileSync(paths.pidFile, 'utf8'), 10) : Number.NaN;
  return [written, ...processesIn(paths.home)]
    .map(identifyProcess)
    .find((identity) => identity !== undefined && commandLine(identity.pid).includes(paths.config));
}

/** True once the server takes the token and has JetStream; undefined while nobody answers. */
async function isReady(url: string): Promise<true | undefined> {
  try {
    const connection = await connectNats(url, 'sigmasweep start');
    try {
      await connection.jetstreamManager();
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return undefined;
  }
}

async function adoptRunning(options: NatsOptions, paths: Paths): Promise<RunningNats | undefined> {
  const identity = runningServer(paths);
  if (identity === undefined) return undefined;
  const server = adopt(name, identity, paths.log, stopSteps);
  const { token, port } = readCredentials(paths) ?? {};
  if (token !== undefined && port !== undefined) {
    const url = natsUrl(token, port);
    const ready = await poll(async () => (runningServer(paths) === undefined ? false : isReady(url)), {
      deadlineMs: options.readyWithinMs ?? 60_000,
    });
    if (ready === true) return { ...server, url, pid: identity.pid, port, adopted: true };
  }
  // Without its token it is of no use to anyone: it is stopped in order and started with a new one.
  await server.stop();
  return undefined;
}

/**
 * An older server may not understand what a newer one has stored. Its store is put aside then: the coordinator makes the
 * streams again from the database.
 */
function putNewerStoreAside(paths: Paths, program: NatsProgram, wroteLast: string | undefined): void {
  const last = wroteLast === undefined ? undefined : parseNatsVersion(wroteLast);
  if (last === undefined || !existsSync(paths.store)) return;
  if (compareNatsVersions({ ...program.version, patch: 0 }, { ...last, patch: 0 }) >= 0) return;
  const aside = `${paths.store}-of-${formatNatsVersion(last)}`;
  rmSync(aside, { recursive: true, force: true });
  renameSync(paths.store, aside);
}

/** Reasons for an early end that go away with another port. */
const portTaken = /address already in use/i;

async function launchUntilReady(
  options: NatsOptions,
  paths: Paths,
  program: NatsProgram,
  known: Credentials,
): Promise<{ server: Supervised; url: string; port: number }> {
  const deadlineMs = options.readyWithinMs ?? 60_000;
  let preferred = known.port;
  for (let triesLeft = 3; ; triesLeft -= 1) {
    const port = await freePort(preferred);
    const { token } = known;
    const settings = { port, token, store: paths.store, pidFile: paths.pidFile, version: program.version };
    writeSecretFile(paths.config, natsConfig({ ...settings, fsync: options.fsync ?? true }));
    // Written down before the server runs: whoever finds it running can use it.
    writeSecretFile(
      paths.credentials,
      JSON.stringify({ token, port, version: formatNatsVersion(program.version) } satisfies Credentials),
    );
    const server = await supervise({
      name,
      command: program.path,
      args: ['--config', paths.config],
      cwd: paths.home,
      logFile: paths.log,
      stopSteps,
    });
    const url = natsUrl(token, port);
    try {
      await whenReady(server, () => isReady(url), deadlineMs);
      return { server, url, port };
    } catch (error) {
      if (triesLeft === 0 || !portTaken.test(server.logged())) throw error;
      preferred = undefined;
    }
  }
}

/**
 * Starts this machine's nats-server for a state folder, or takes over the one that runs there already. It listens on
 * 127.0.0.1 with a token, outlives this process and keeps its port over restarts.
 * @throws SigmasweepError PROCESS_NOT_STARTED, PROCESS_ENDED, PROCESS_NOT_READY, and what `provide` throws
 */
export async function startNats(options: NatsOptions): Promise<RunningNats> {
  prepareStateFolder(options.state);
  mkdirSync(options.state.nats, { recursive: true, mode: 0o700 });
  chmodSync(options.state.nats, 0o700);
  const paths = pathsOf(options.state);
  const adopted = await adoptRunning(options, paths);
  if (adopted !== undefined) return adopted;
  const program = await options.provide();
  const known = readCredentials(paths) ?? { token: randomBytes(24).toString('hex') };
  putNewerStoreAside(paths, program, known.version);
  const { server, url, port } = await launchUntilReady(options, paths, program, known);
  return { ...server, url, pid: server.identity.pid, port, adopted: false };
}

/** The server that runs for a state folder, for those who only want to stop it. */
export function runningNats(state: StateFolder): Supervised | undefined {
  const paths = pathsOf(state);
  const identity = runningServer(paths);
  return identity === undefined ? undefined : adopt(name, identity, paths.log, stopSteps);
}
