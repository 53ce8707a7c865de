import { realpath, rm } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import type { TransferConfig } from '../../../shared/catalog/transfer.js';
import { SigmasweepError } from '../../../shared/errors.js';
import type { StoredCheckpoint } from '../../../shared/messages/checkpoints.js';
import { fetchOne, type CheckpointPlace } from './fetch.js';

/** The file of a network that a trial starts from. */
export interface NetworkFile {
  readonly file: string;
  /** Removes it where it was fetched for this trial. */
  remove(): Promise<void>;
}

/**
 * Finds the network that a trial starts from.
 * @param stored the checkpoint of `transfer.trial`, as the claim's answer has it
 * @throws SigmasweepError TRANSFER_MISSING; the store's errors, after which another attempt may end differently
 */
export async function networkFile(
  place: CheckpointPlace,
  transfer: TransferConfig,
  stored: StoredCheckpoint | undefined,
): Promise<NetworkFile> {
  if (transfer.file !== undefined) {
    return { file: await fileWithin(place.networks, transfer.file), remove: () => Promise.resolve() };
  }
  if (stored === undefined) {
    throw new SigmasweepError(
      'TRANSFER_MISSING',
      `The trial ${transfer.trial ?? ''} has kept no network to start from`,
      {
        hint: 'Train it with checkpoint: { keep: final }; cancelling or retrying it gives the network up.',
      },
    );
  }
  const file = await fetchOne(place, stored);
  return { file, remove: () => rm(file, { force: true }) };
}

/** Links are followed before it is seen whether the file is within the folder. */
async function fileWithin(folder: string, path: string): Promise<string> {
  const missing = (found: string): SigmasweepError =>
    new SigmasweepError('TRANSFER_MISSING', `The network ${path} to start from ${found}`, {
      hint: `Put the file into the folder ${folder} of every worker (SIGMASWEEP_NETWORKS).`,
    });
  const [root, file] = await Promise.all([
    realpath(folder).catch(() => undefined),
    realpath(join(folder, path)).catch(() => undefined),
  ]);
  if (root === undefined || file === undefined) throw missing('is not there');
  const within = relative(root, file);
  if (within.startsWith('..') || isAbsolute(within)) throw missing('is a link out of its folder');
  return file;
}
