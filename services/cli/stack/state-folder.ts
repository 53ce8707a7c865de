import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Everything that one installation on this machine keeps, by path. */
export interface StateFolder {
  readonly root: string;
  /** PostgreSQL: its data and its password. For root it can be a link to a place that its server's account reaches. */
  readonly postgres: string;
  /** nats-server: its JetStream store, configuration and token. */
  readonly nats: string;
  readonly logs: string;
  /** What runs at this moment, with ids, ports and passwords; only the owner can read it. */
  readonly runRecord: string;
  readonly lock: string;
  /** Decoded data sets. */
  readonly cache: string;
}

/** Values of the environment that say where a user's caches are. */
export interface CacheEnvironment {
  readonly XDG_CACHE_HOME?: string | undefined;
  readonly LOCALAPPDATA?: string | undefined;
}

/** The folder for what is downloaded once for a machine's user: XDG_CACHE_HOME, else the platform's usual place. */
export function defaultCacheFolder(home: string, environment: CacheEnvironment): string {
  const base = environment.XDG_CACHE_HOME ?? environment.LOCALAPPDATA ?? join(home, '.cache');
  return join(base, 'sigmasweep');
}

/** The paths of a state folder; creates nothing. A relative root is taken from the current folder. */
export function stateFolder(root: string): StateFolder {
  const absolute = resolve(root);
  return {
    root: absolute,
    postgres: join(absolute, 'postgres'),
    nats: join(absolute, 'nats'),
    logs: join(absolute, 'logs'),
    runRecord: join(absolute, 'run.json'),
    lock: join(absolute, 'lock'),
    cache: join(absolute, 'cache'),
  };
}

/** Creates the folders that every start needs. What is secret in them has its own narrow mode. */
export function prepareStateFolder(state: StateFolder): void {
  if (!existsSync(state.root)) {
    mkdirSync(state.root, { recursive: true });
    // PostgreSQL runs under another account when root starts it, and must pass through, whatever the umask is.
    chmodSync(state.root, 0o755);
  }
  mkdirSync(state.logs, { recursive: true, mode: 0o700 });
}

/** Writes a file that holds secrets so that nobody else can read it and no reader ever sees half of it. */
export function writeSecretFile(path: string, text: string): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, path);
}
