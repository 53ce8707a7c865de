import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SigmasweepError } from '../errors.js';
import type { CheckpointStore, StoredObject } from './store.js';

const suffix = '.checkpoint';

/** A folder that coordinator and workers share. */
export class FolderStore implements CheckpointStore {
  constructor(private readonly folder: string) {}

  async ensure(): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true });
    } catch (cause) {
      throw new SigmasweepError('CHECKPOINTS_UNAVAILABLE', `There is no store for checkpoints: ${String(cause)}`, {
        hint: 'SIGMASWEEP_CHECKPOINTS must be a folder that coordinator and workers can write.',
        cause,
      });
    }
  }

  async put(name: string, file: string): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    // Named like an object of its own, so that `list` shows what a killed worker left of it.
    const temporary = this.pathOf(`part.${randomUUID()}`);
    try {
      await copyFile(file, temporary);
      // Whoever looks sees the whole of it or nothing.
      await rename(temporary, this.pathOf(name));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async get(name: string, file: string, bytes: number): Promise<void> {
    const { size } = await stat(this.pathOf(name));
    if (size !== bytes) {
      throw new SigmasweepError('CHECKPOINT_TORN', `The file of ${name} has ${size} bytes; ${bytes} were written`);
    }
    await copyFile(this.pathOf(name), file);
  }

  async delete(names: readonly string[]): Promise<void> {
    for (const name of names) await rm(this.pathOf(name), { force: true });
  }

  async list(): Promise<StoredObject[]> {
    const files = await readdir(this.folder).catch(() => []);
    const found = await Promise.all(
      files
        .filter((file) => file.endsWith(suffix))
        .map(async (file) => {
          const name = file.slice(0, -suffix.length);
          // One that is deleted meanwhile is not listed.
          return stat(join(this.folder, file)).then(
            ({ mtime }) => [{ name, writtenAt: mtime }],
            () => [],
          );
        }),
    );
    return found.flat();
  }

  private pathOf(name: string): string {
    return join(this.folder, `${name}${suffix}`);
  }
}
