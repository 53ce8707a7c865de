import { mkdir, open, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

/** The holder says this often that it is still at work, milliseconds. */
const signEvery = 2000;
/** A holder that has said nothing for so long is gone. */
const goneAfter = 15_000;
const lookEvery = 200;

/**
 * Lets one process of a machine do a long piece of work at a time, by a file that its holder keeps fresh; the trainers of
 * a machine start together and would all decode the same files. It saves work and guards nothing: where the file cannot
 * be made, the work is done without it.
 * @param work done when the lock is held, which can be after another process has done the same
 */
export async function withDecodingLock<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  if (!(await acquire(file))) return work();
  const sign = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, signEvery);
  try {
    return await work();
  } finally {
    clearInterval(sign);
    await rm(file, { force: true });
  }
}

/** @returns false where locks cannot be made */
async function acquire(file: string): Promise<boolean> {
  for (;;) {
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await (await open(file, 'wx')).close();
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
    const age = await stat(file).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > goneAfter) await rm(file, { force: true });
    else await after(lookEvery);
  }
}
