import { spawnSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { SigmasweepError } from '../../shared/errors.js';

/** The account that a server runs under when it must not be root. */
export interface ServerAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

// PostgreSQL refuses to run as root. Its own account comes first; `nobody` is on every system, so none has to be made.
const accountNames = ['postgres', 'nobody'] as const;

function lookUp(name: string): ServerAccount | undefined {
  const number = (flag: '-u' | '-g') => {
    const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' });
    return status === 0 ? Number.parseInt(stdout, 10) : Number.NaN;
  };
  const account = { name, uid: number('-u'), gid: number('-g') };
  return Number.isInteger(account.uid) && Number.isInteger(account.gid) && account.uid !== 0 ? account : undefined;
}

/**
 * The account to run PostgreSQL under: undefined (this process's own) unless this process is root's.
 * @throws SigmasweepError NO_SERVER_ACCOUNT when root has no account to change to
 */
export function serverAccount(): ServerAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of accountNames) {
    const account = lookUp(name);
    if (account !== undefined) return account;
  }
  throw new SigmasweepError(
    'NO_SERVER_ACCOUNT',
    `PostgreSQL does not run as root, and none of the accounts ${accountNames.join(', ')} is on this system.`,
    { hint: 'Create one (useradd --system postgres), run as another user, or set DATABASE_URL to a running server.' },
  );
}

/** Whether an account can pass through to a folder or execute a file; asked of the system itself, by trying. */
export function canReach(account: ServerAccount | undefined, path: string): boolean {
  if (account === undefined) return true;
  const { status } = spawnSync('/bin/sh', ['-c', 'test -x "$1" && test -r "$1"', 'sh', path], {
    uid: account.uid,
    gid: account.gid,
    cwd: '/',
  });
  return status === 0;
}

/** Gives a path to an account; does nothing when the server runs under this process's own. */
export function giveTo(account: ServerAccount | undefined, path: string): void {
  if (account !== undefined) chownSync(path, account.uid, account.gid);
}
