import { existsSync } from 'node:fs';
import type { Config } from '../../shared/config.js';
import type { SigmasweepError } from '../../shared/errors.js';
import type { StackOptions } from '../verbs/stack-options.js';
import type { Terminal } from '../verbs/verb.js';
import { bringUp, type StackRequest } from './bring-up.js';
import { keepAlive } from './keep-alive.js';
import { runningNats } from './nats.js';
import { runningPostgres } from './postgres.js';
import { ownIdentity, type ProcessIdentity } from './processes.js';
import { readRunRecord, removeRunRecord, writeRunRecord, type RunRecord } from './run-record.js';
import { serverNames } from './start-servers.js';
import { stateFolder, type StateFolder } from './state-folder.js';
import { withStateLock } from './state-lock.js';
import { stopOrThrow } from './supervise.js';

/** Where the parts of a running stack are reached; the first two with their passwords. */
export interface StackAddresses {
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly dashboardUrl: string | undefined;
}

/** A stack that a command uses. */
export interface Stack extends StackAddresses {
  /** Whether this command started a part of it. */
  readonly startedHere: boolean;
  /** Resolves when a part of it cannot be kept running; never rejects. */
  readonly broken: Promise<SigmasweepError>;
  /** Leaves it. The last command that leaves stops everything, unless `up` keeps it. */
  stop(): Promise<void>;
}

/** Does something alone in the state folder. Another start may take long: it may have to fetch nats-server. */
function alone<Result>(
  terminal: Terminal,
  state: StateFolder,
  what: 'starting' | 'stopping',
  work: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  return withStateLock(state, what, work, {
    waitMs: 300_000,
    signal,
    onWait: (pid) => terminal.status(`waiting for process ${pid}, which is starting or stopping the stack …`),
  });
}

/**
 * Starts what is missing of the local stack: PostgreSQL (unless DATABASE_URL), nats-server (unless NATS_URL), coordinator,
 * dashboard and workers. Several commands can use one stack at the same time.
 * @param use `while-running`: while this process lives it uses the stack and starts again what ends; `keep`: it is left
 *   running until `stopStack`, and what ends is started again by the next start only
 * @param signal aborted by Ctrl-C: what was started is stopped again
 * @throws SigmasweepError INTERRUPTED, STATE_FOLDER_BUSY, NOT_BUILT, and those of the part that fails
 */
export async function startStack(
  terminal: Terminal,
  options: StackOptions,
  use: 'while-running' | 'keep',
  signal?: AbortSignal,
): Promise<Stack> {
  const state = stateFolder(terminal.config.SIGMASWEEP_STATE);
  const user = use === 'keep' ? undefined : ownIdentity();
  const request: StackRequest = { terminal, state, options, user, signal };
  const { record, parts, startedAny } = await alone(terminal, state, 'starting', () => bringUp(request), signal);
  const repair = () =>
    alone(terminal, state, 'starting', async () => {
      const wanted = readRunRecord(state)?.record.users.some(({ pid }) => pid === user?.pid);
      return wanted === true ? (await bringUp({ ...request, signal: undefined })).parts : undefined;
    });
  const kept = user === undefined ? undefined : keepAlive(parts, repair, (line) => terminal.note(line));
  return {
    natsUrl: record.natsUrl,
    databaseUrl: record.databaseUrl,
    dashboardUrl: record.dashboardUrl,
    startedHere: startedAny,
    broken: kept?.broken ?? new Promise(() => undefined),
    stop: async () => {
      kept?.end();
      if (user !== undefined) await alone(terminal, state, 'stopping', () => leave(terminal, state, user));
    },
  };
}

async function leave(terminal: Terminal, state: StateFolder, user: ProcessIdentity): Promise<void> {
  const record = readRunRecord(state)?.record;
  if (record === undefined) {
    await stopServers(state);
    return;
  }
  const users = record.users.filter(({ pid }) => pid !== user.pid);
  if (users.length > 0 || record.keep) {
    writeRunRecord(state, { ...record, users });
    terminal.note(
      record.keep
        ? 'The stack stays up until `sigmasweep down`.'
        : 'Another `sigmasweep run` uses the stack: it stays up.',
    );
    return;
  }
  await stopAll(terminal, state, record);
}

/** The addresses of the stack that runs for the configured state folder. */
export function runningStack(config: Config<'cli'>): Promise<StackAddresses | undefined> {
  const record = readRunRecord(stateFolder(config.SIGMASWEEP_STATE))?.record;
  if (record === undefined) return Promise.resolve(undefined);
  const { natsUrl, databaseUrl, dashboardUrl } = record;
  return Promise.resolve({ natsUrl, databaseUrl, dashboardUrl });
}

/**
 * Stops everything that runs for the configured state folder, whoever uses it.
 * @returns false when nothing ran
 */
export async function stopStack(terminal: Terminal): Promise<boolean> {
  const state = stateFolder(terminal.config.SIGMASWEEP_STATE);
  if (!existsSync(state.root)) return false;
  return alone(terminal, state, 'stopping', async () => {
    const record = readRunRecord(state)?.record;
    for (const { pid } of record?.users ?? []) terminal.note(`process ${pid} (\`sigmasweep run\`) still used it`);
    if (record !== undefined) {
      await stopAll(terminal, state, record);
      return true;
    }
    removeRunRecord(state);
    return stopServers(state);
  });
}

/** Workers hand their trials back while the others still run; the servers are last. */
async function stopAll(terminal: Terminal, state: StateFolder, record: RunRecord): Promise<void> {
  terminal.status('stopping …');
  const services = record.processes.filter(({ name }) => !serverNames.includes(name));
  const workers = services.filter(({ name }) => name.startsWith('worker-'));
  await Promise.all(workers.map((worker) => stopOrThrow(worker.name, worker)));
  for (const service of services.filter((one) => !workers.includes(one)).reverse()) {
    await stopOrThrow(service.name, service);
  }
  await stopServers(state);
  removeRunRecord(state);
}

/** The servers are found by what they write themselves, also when a start was killed before it could write of them. */
async function stopServers(state: StateFolder): Promise<boolean> {
  const servers = [runningNats(state), runningPostgres(state)].filter((server) => server !== undefined);
  await Promise.all(servers.map((server) => server.stop()));
  return servers.length > 0;
}
