import type { TransferConfig } from '../../../shared/catalog/transfer.js';
import type { Model } from '../../models/model.js';
import type { TrialCheckpoint } from './checkpoint.js';
import { networkBlock, restoreNetwork } from './state-blocks.js';

/**
 * Gives a network that is about to be trained the values that it has in another trial's checkpoint: those of the encoder,
 * running statistics included, or all of them. An encoder that is one of several takes the values of its own name or, in
 * the checkpoint of a network with a single encoder, of that one.
 * @returns names of what was set
 * @throws CheckpointError CHECKPOINT_MISMATCH with the names of what is missing or of another shape; nothing is changed then
 */
export function startFromNetwork(
  model: Model,
  { blocks }: Pick<TrialCheckpoint, 'blocks'>,
  load: TransferConfig['load'],
): string[] {
  const found = new Map(blocks);
  for (const { name, common } of model.encoder) {
    const block = blocks.get(networkBlock(name)) ?? blocks.get(networkBlock(common));
    if (block !== undefined) found.set(networkBlock(name), block);
  }
  const encoder = new Set(model.encoder.map(({ name }) => name));
  return restoreNetwork(model.state, found, (name) => load === 'network' || encoder.has(name));
}
