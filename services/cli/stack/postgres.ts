import { existsSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SigmasweepError } from '../../shared/errors.js';
import { poll } from './poll.js';
import { freePort, loopback } from './ports.js';
import {
  databaseName,
  findPostgresPrograms,
  prepareCluster,
  readCredentials,
  writeCredentials,
  type Cluster,
} from './postgres-cluster.js';
import {
  commandLine,
  identifyProcess,
  isIdTaken,
  processesIn,
  type ProcessIdentity,
  type StopStep,
} from './processes.js';
import { serverAccount, type ServerAccount } from './server-account.js';
import { postgresHome } from './server-home.js';
import { prepareStateFolder, type StateFolder } from './state-folder.js';
import { adopt, stopOrThrow, supervise, whenReady, type Supervised } from './supervise.js';

/** A PostgreSQL that accepts connections. */
export interface RunningPostgres extends Supervised {
  /** postgresql:// with the password, to the database `sigmasweep`. */
  readonly url: string;
  readonly pid: number;
  readonly port: number;
  /** It ran already, and was taken over. */
  readonly adopted: boolean;
}

export interface PostgresOptions {
  readonly state: StateFolder;
  /** Off, a power loss destroys the database: only for tests. */
  readonly fsync?: boolean;
  /** Crash recovery counts, and takes as long as there was to write. */
  readonly readyWithinMs?: number;
}

// Fast: open transactions are rolled back. Then as in a crash, which the next start recovers from.
const stopSteps: readonly StopStep[] = [
  { signal: 'SIGINT', graceMs: 30_000 },
  { signal: 'SIGQUIT', graceMs: 5_000 },
  { signal: 'SIGKILL', graceMs: 5_000 },
];

const name = 'PostgreSQL';

/** The lines of postmaster.pid, in the server's order. */
interface PidFile {
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
}

function readPidFile(data: string): PidFile | undefined {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  } catch {
    return undefined;
  }
}

/** The server that runs on a data folder; the program's arguments tell it from one that was given its old id. */
function runningServer(data: string): ProcessIdentity | undefined {
  const pid = readPidFile(data)?.pid;
  const identity = pid === undefined ? undefined : identifyProcess(pid);
  return identity !== undefined && commandLine(identity.pid).includes(data) ? identity : undefined;
}

function databaseUrl(password: string, port: number): string {
  return `postgresql://${databaseName}:${password}@${loopback}:${String(port)}/${databaseName}`;
}

/** The account of a data folder that exists is its owner; a new one gets the account that fits this process. */
function accountFor(state: StateFolder): ServerAccount | undefined {
  const data = join(state.postgres, 'data');
  const owner = existsSync(data) ? statSync(data) : undefined;
  const uid = process.getuid?.();
  if (owner === undefined || uid === undefined) return serverAccount();
  if (uid !== 0 && owner.uid !== uid) {
    throw new SigmasweepError(
      'POSTGRES_FOREIGN',
      `${data} belongs to the user with the id ${owner.uid}, and this is the user with the id ${uid}.`,
      { hint: 'Go on as the user who made it (root, if it was root), or use another state folder (SIGMASWEEP_STATE).' },
    );
  }
  if (uid !== 0 || owner.uid === 0) return serverAccount();
  return { name: `the user with the id ${owner.uid}`, uid: owner.uid, gid: owner.gid };
}

/** Reasons for an early end that go away: what to do before the next try. */
const passingTroubles: readonly { readonly sign: RegExp; readonly newPort: boolean }[] = [
  // After kill -9 the server's children need a moment to notice that their parent is gone.
  { sign: /pre-existing shared memory block|lock file .* already exists/, newPort: false },
  { sign: /could not bind|Address already in use/, newPort: true },
];

async function launch(options: PostgresOptions, cluster: Cluster, port: number): Promise<Supervised> {
  const settings = {
    listen_addresses: loopback,
    // Clients use TCP; a socket in /tmp would only meet those of other servers.
    unix_socket_directories: '',
    fsync: cluster.fsync ? 'on' : 'off',
    // Without it a mere kill would lose commits as well.
    synchronous_commit: 'on',
    full_page_writes: cluster.fsync ? 'on' : 'off',
    logging_collector: 'off',
    log_timezone: 'UTC',
    timezone: 'UTC',
  };
  return supervise({
    name,
    command: cluster.programs.postgres,
    args: [
      ...['-D', cluster.data, '-p', String(port)],
      ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    env: { LC_ALL: 'C', TZ: 'UTC' },
    cwd: '/',
    account: cluster.account,
    logFile: join(options.state.logs, 'postgres.log'),
    stopSteps,
  });
}

async function launchUntilReady(
  options: PostgresOptions,
  cluster: Cluster,
  preferredPort: number | undefined,
): Promise<{ server: Supervised; port: number }> {
  const deadlineMs = options.readyWithinMs ?? 120_000;
  const begun = performance.now();
  let preferred = preferredPort;
  for (;;) {
    const port = await freePort(preferred);
    const server = await launch(options, cluster, port);
    try {
      const ready = () => {
        const file = readPidFile(cluster.data);
        return file?.pid === server.identity.pid && file.ready ? file : undefined;
      };
      await whenReady(server, ready, deadlineMs);
      return { server, port };
    } catch (error) {
      const trouble = passingTroubles.find(({ sign }) => sign.test(server.logged()));
      if (trouble === undefined || performance.now() - begun > Math.min(deadlineMs, 20_000)) throw error;
      preferred = trouble.newPort ? undefined : port;
      await delay(200);
    }
  }
}

/** The server that runs for a state folder already, once it is ready. */
async function adoptRunning(options: PostgresOptions, cluster: Cluster): Promise<RunningPostgres | undefined> {
  const identity = runningServer(cluster.data);
  const credentials = readCredentials(cluster);
  if (identity === undefined) return undefined;
  const server = adopt(name, identity, join(options.state.logs, 'postgres.log'), stopSteps);
  const file = await poll(
    () => {
      const found = readPidFile(cluster.data);
      // It may also be on its way out.
      if (found === undefined || runningServer(cluster.data) === undefined) return { pid: 0, port: 0, ready: false };
      return found.ready ? found : undefined;
    },
    { deadlineMs: options.readyWithinMs ?? 120_000 },
  );
  if (file?.ready === true && credentials !== undefined) {
    return {
      ...server,
      url: databaseUrl(credentials.password, file.port),
      pid: file.pid,
      port: file.port,
      adopted: true,
    };
  }
  // Without its password it is of no use to anyone: it is stopped in order and started with a new one.
  await server.stop();
  return undefined;
}

/**
 * Starts this machine's PostgreSQL for a state folder, or takes over the one that runs there already. It listens on
 * 127.0.0.1, outlives this process and recovers from having been killed.
 * @throws SigmasweepError POSTGRES_NOT_FOUND, POSTGRES_SETUP_FAILED, POSTGRES_VERSION, POSTGRES_FOREIGN,
 *   NO_SERVER_ACCOUNT, NO_REACHABLE_FOLDER, PROCESS_ENDED, PROCESS_NOT_READY
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  prepareStateFolder(options.state);
  const account = accountFor(options.state);
  const home = await postgresHome(options.state, account, stopServerIn);
  const programs = findPostgresPrograms(account);
  const cluster: Cluster = { home, data: join(home, 'data'), account, programs, fsync: options.fsync ?? true };

  const adopted = await adoptRunning(options, cluster);
  if (adopted !== undefined) return adopted;
  await removeStalePidFile(cluster.data);
  const credentials = await prepareCluster(cluster);
  const { server, port } = await launchUntilReady(options, cluster, credentials.port);
  writeCredentials(cluster, { ...credentials, port });
  return {
    ...server,
    url: databaseUrl(credentials.password, port),
    pid: server.identity.pid,
    port,
    adopted: false,
  };
}

/**
 * The server would refuse to start while the id of its killed predecessor is taken by another program, or by the dead
 * predecessor itself. Its file is removed then, but only once the last of its children is gone, who may still write.
 */
async function removeStalePidFile(data: string): Promise<void> {
  const pid = readPidFile(data)?.pid;
  if (pid === undefined || !isIdTaken(pid)) return;
  const childless = await poll(() => (processesIn(data).length === 0 ? true : undefined), { deadlineMs: 20_000 });
  if (childless === true) rmSync(join(data, 'postmaster.pid'), { force: true });
}

/** Ends a server whose state folder was deleted from under it. */
async function stopServerIn(home: string): Promise<void> {
  const identity = runningServer(join(home, 'data'));
  if (identity !== undefined) await stopOrThrow(name, identity, stopSteps);
}

/** The server that runs for a state folder, for those who only want to stop it. */
export function runningPostgres(state: StateFolder): Supervised | undefined {
  const home = existsSync(state.postgres) ? realpathSync(state.postgres) : state.postgres;
  const identity = runningServer(join(home, 'data'));
  return identity === undefined ? undefined : adopt(name, identity, join(state.logs, 'postgres.log'), stopSteps);
}
