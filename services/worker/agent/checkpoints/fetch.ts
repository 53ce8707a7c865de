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
  /** Where files of networks to start from are. */
  readonly networks: string;
}

/**
 * Fetches the first checkpoint that is there and whole.
 * @param offered the best first
 * @param warn told of each that cannot be used, and what is done instead
 * @returns undefined where there is none: training begins at the first step
 */
export async function fetchCheckpoint(
  place: CheckpointPlace,
  offered: readonly StoredCheckpoint[],
  warn: (text: string) => void,
): Promise<ResumedCheckpoint | undefined> {
  for (const [index, checkpoint] of offered.entries()) {
    const { attempt, step } = checkpoint;
    try {
      return { file: await fetchOne(place, checkpoint), attempt, step };
    } catch (error) {
      const { code, message } = errorRecord(error);
      const next = offered[index + 1];
      const instead = next === undefined ? 'training begins anew' : `the one of step ${next.step} is tried`;
      warn(`the checkpoint of attempt ${attempt} at step ${step} cannot be fetched, ${instead}: ${code}: ${message}`);
    }
  }
  return undefined;
}

/**
 * Fetches a checkpoint into a file of its own; whoever asks for it removes it.
 * @throws when it is not there, or SigmasweepError CHECKPOINT_TORN when it is not what was stored
 */
export async function fetchOne(
  { store, folder }: CheckpointPlace,
  { object, bytes, sha256 }: StoredCheckpoint,
): Promise<string> {
  const file = join(folder, `${randomUUID()}.checkpoint`);
  try {
    await mkdir(folder, { recursive: true });
    await store.get(object, file, bytes);
    const found = await sha256Of(file);
    if (found === sha256) return file;
    throw new SigmasweepError('CHECKPOINT_TORN', `its SHA-256 is ${found.slice(0, 12)}…, not ${sha256.slice(0, 12)}…`);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
