import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { SigmasweepError } from '../../shared/errors.js';
import { poll } from './poll.js';
import { isRunning, ownIdentity } from './processes.js';
import { prepareStateFolder, type StateFolder } from './state-folder.js';

const holderSchema = z.object({
  pid: z.number().int().positive(),
  started: z.string(),
  /** One of several holders inside one process. */
  token: z.string(),
});
type Holder = z.output<typeof holderSchema>;

function readHolder(path: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** A hard link appears with its whole content or not at all, and only for one of those who try. */
function tryTake(state: StateFolder, own: Holder): boolean {
  const draft = `${state.lock}.${own.token}`;
  writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    linkSync(draft, state.lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Takes the lock of a dead holder away. If a living one has just taken it, its lock is put back. */
function removeStale(state: StateFolder, stale: Holder | undefined): void {
  const aside = `${state.lock}.stale-${randomBytes(4).toString('hex')}`;
  try {
    renameSync(state.lock, aside);
    const moved = readHolder(aside);
    if (moved !== undefined && moved.token !== stale?.token) linkSync(aside, state.lock);
  } catch (error) {
    // Somebody else was faster at the same thing.
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** How the lock is waited for. */
export interface LockOptions {
  readonly waitMs?: number;
  /** Ends the waiting, not the work. */
  readonly signal?: AbortSignal | undefined;
  /** Told once which process is waited for. */
  readonly onWait?: (pid: number) => void;
}

/**
 * Does something while no other process starts or stops anything in the same state folder.
 * @param what for the error of those who wait in vain: 'starting', 'stopping' …
 * @throws SigmasweepError STATE_FOLDER_BUSY when another process holds the lock for the whole of `waitMs`, INTERRUPTED when
 *   the waiting was
 */
export async function withStateLock<Result>(
  state: StateFolder,
  what: string,
  work: () => Promise<Result>,
  { waitMs = 60_000, signal, onWait }: LockOptions = {},
): Promise<Result> {
  prepareStateFolder(state);
  const own: Holder = { ...ownIdentity(), token: randomBytes(8).toString('hex') };
  let told = false;
  const taken = await poll(
    () => {
      if (signal?.aborted === true) throw new SigmasweepError('INTERRUPTED', 'Interrupted while waiting.');
      if (tryTake(state, own)) return true;
      const holder = readHolder(state.lock);
      if (holder === undefined || !isRunning(holder)) removeStale(state, holder);
      else if (!told) {
        told = true;
        onWait?.(holder.pid);
      }
      return undefined;
    },
    { deadlineMs: waitMs, intervalMs: 50 },
  );
  if (taken === undefined) {
    const pid = readHolder(state.lock)?.pid ?? 0;
    throw new SigmasweepError('STATE_FOLDER_BUSY', `Process ${pid} is starting or stopping ${state.root} (${what}).`, {
      ids: { pid },
      hint: 'Wait until it is done, or use another state folder (SIGMASWEEP_STATE).',
    });
  }
  try {
    return await work();
  } finally {
    if (readHolder(state.lock)?.token === own.token) rmSync(state.lock, { force: true });
  }
}
