import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CheckpointStore } from '../../../shared/checkpoint-store/store.js';
import { errorRecord, SigmasweepError } from '../../../shared/errors.js';
import type { StoredCheckpoint } from '../../../shared/messages/checkpoints.js';
import type { ResumedCheckpoint } from '../../trainer-protocol.js';

/** Where an attempt's checkpoints come from and go to. */
export interface CheckpointPlace {
  readonly store: CheckpointStore;
  /** Of this worker, for files on their way. */
  readonly folder: string;
}

/**
 * Fetches the first checkpoint that is there and whole.
 * @param offered the best first
 * @param warn told of each that cannot be used, and what is done instead
 * @returns undefined where there is none: training begins at the first step
 */
export async function fetchCheckpoint(
  { store, folder }: CheckpointPlace,
  offered: readonly StoredCheckpoint[],
  warn: (text: string) => void,
): Promise<ResumedCheckpoint | undefined> {
  for (const [index, { object, bytes, sha256, attempt, step }] of offered.entries()) {
    const file = join(folder, `${randomUUID()}.checkpoint`);
    try {
      await mkdir(folder, { recursive: true });
      await store.get(object, file, bytes);
      const found = await sha256Of(file);
      if (found !== sha256) {
        throw new SigmasweepError(
          'CHECKPOINT_TORN',
          `its SHA-256 is ${found.slice(0, 12)}…, not ${sha256.slice(0, 12)}…`,
        );
      }
      return { file, attempt, step };
    } catch (error) {
      await rm(file, { force: true });
      const { code, message } = errorRecord(error);
      const next = offered[index + 1];
      const instead = next === undefined ? 'training begins anew' : `the one of step ${next.step} is tried`;
      warn(`the checkpoint of attempt ${attempt} at step ${step} cannot be fetched, ${instead}: ${code}: ${message}`);
    }
  }
  return undefined;
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
