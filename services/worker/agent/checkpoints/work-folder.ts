import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../shared/log.js';

/** What a killed worker left behind is this old, or another worker of the machine is still at it. */
const abandonedAfterMs = 24 * 60 * 60_000;

/**
 * Makes the folder of a worker's checkpoints that are on their way, and removes those that killed workers left.
 * @returns its path; that it cannot be made is found out, and said, when a checkpoint is written
 */
export async function workFolder(cacheFolder: string, workerId: string, logger: Logger): Promise<string> {
  const parent = join(cacheFolder, 'checkpoints');
  const folder = join(parent, workerId);
  try {
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(parent)) {
      const { mtimeMs } = await stat(join(parent, name));
      if (Date.now() - mtimeMs > abandonedAfterMs) await rm(join(parent, name), { recursive: true, force: true });
    }
  } catch (error) {
    logger.warn({ err: error, folder }, 'the folder of checkpoints is not as it should be');
  }
  return folder;
}
