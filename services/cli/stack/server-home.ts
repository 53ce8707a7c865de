import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { SigmasweepError } from '../../shared/errors.js';
import { canReach, type ServerAccount } from './server-account.js';
import type { StateFolder } from './state-folder.js';

/** Where root's servers keep what they cannot keep below the state folder. Both places outlive a restart. */
export const sharedHomes: readonly string[] = ['/var/lib/sigmasweep', '/var/tmp/sigmasweep'];

const ownerFile = 'state-folder.txt';

/** Creates a folder that every account can pass through; refuses one that somebody else has put there. */
function openFolder(path: string, account: ServerAccount): boolean {
  try {
    mkdirSync(path, { recursive: true });
    const found = lstatSync(path);
    if (!found.isDirectory() || found.uid !== process.getuid?.()) return false;
    chmodSync(path, 0o755);
    return canReach(account, path);
  } catch {
    return false;
  }
}

/** The first place outside of the state folder that the account reaches. */
function reachableHome(account: ServerAccount, homes: readonly string[]): string {
  const home = homes.find((candidate) => openFolder(candidate, account));
  if (home !== undefined) return home;
  throw new SigmasweepError(
    'NO_REACHABLE_FOLDER',
    `PostgreSQL runs as ${account.name}, which can reach neither the state folder nor ${homes.join(' or ')}.`,
    { hint: 'Put the state folder (SIGMASWEEP_STATE) where every user can pass through, or set DATABASE_URL.' },
  );
}

/** The folders of other homes that were made for this state folder and are no longer linked from it. */
function forgottenFolders(home: string, state: StateFolder): string[] {
  return readdirSync(home)
    .map((name) => join(home, name))
    .filter((folder) => {
      const owner = join(folder, ownerFile);
      return existsSync(owner) && readFileSync(owner, 'utf8') === state.root;
    });
}

function isDeadLink(path: string): boolean {
  return !existsSync(path) && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/**
 * The folder for PostgreSQL's files: `postgres` in the state folder. When the account that the server runs under cannot
 * get there (root's checkout below /root), that is a link to a folder of a shared home; with the state folder deleted,
 * the next start removes what the link led to.
 * @param discard called for each folder that is about to be removed, to end a server that still runs in it
 */
export async function postgresHome(
  state: StateFolder,
  account: ServerAccount | undefined,
  discard: (folder: string) => Promise<void>,
  homes: readonly string[] = sharedHomes,
): Promise<string> {
  if (isDeadLink(state.postgres)) rmSync(state.postgres);
  if (!existsSync(state.postgres)) {
    mkdirSync(state.postgres, { mode: 0o755 });
    if (account !== undefined) chmodSync(state.postgres, 0o755);
  }
  const home = realpathSync(state.postgres);
  if (account === undefined || canReach(account, home)) return home;
  if (existsSync(join(home, 'data'))) {
    throw new SigmasweepError(
      'NO_REACHABLE_FOLDER',
      `PostgreSQL runs as ${account.name}, which cannot reach ${home}.`,
      {
        hint: 'The folder was made by another user or has been moved: let every user pass through its parent folders.',
      },
    );
  }

  const shared = reachableHome(account, homes);
  for (const folder of forgottenFolders(shared, state)) {
    await discard(folder);
    rmSync(folder, { recursive: true, force: true });
  }
  const moved = join(shared, `${basename(state.root)}-${randomBytes(6).toString('hex')}`.replace(/^\.+/, ''));
  mkdirSync(moved);
  chmodSync(moved, 0o755);
  writeFileSync(join(moved, ownerFile), state.root);
  rmSync(state.postgres, { recursive: true });
  symlinkSync(moved, state.postgres);
  return moved;
}

/**
 * A folder of programs that the account can execute: the given one, or a copy of it in a shared home.
 * @param version names the copy, so that each version is copied once
 */
export function reachablePrograms(
  folder: string,
  program: string,
  version: string,
  account: ServerAccount | undefined,
  homes: readonly string[] = sharedHomes,
): string {
  if (account === undefined || canReach(account, join(folder, program))) return folder;
  const copy = join(reachableHome(account, homes), `programs-${version}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.${randomBytes(4).toString('hex')}`;
    // Static libraries are half of the size and nothing reads them.
    cpSync(folder, draft, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
    openCopy(draft);
    try {
      renameSync(draft, copy);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      // Another start made the same copy in the meantime.
      if (!existsSync(copy)) throw error;
    }
  }
  return copy;
}

/** A copy made under a narrow umask, or of narrow originals, must be readable for the account. */
function openCopy(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(path, 0o755);
    else if (entry.isFile()) chmodSync(path, lstatSync(path).mode | 0o444);
  }
  chmodSync(folder, 0o755);
}
