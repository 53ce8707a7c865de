import type { NatsConnection } from 'nats';
import { FolderStore } from '../checkpoint-store/folder-store.js';
import type { CheckpointStore } from '../checkpoint-store/store.js';
import { BucketStore, type BucketRoom } from './bucket-store.js';

/** @param place `SIGMASWEEP_CHECKPOINTS`: "nats", or the path of a folder */
export function openCheckpointStore(connection: NatsConnection, place: string, room?: BucketRoom): CheckpointStore {
  return place === 'nats' ? new BucketStore(connection, room) : new FolderStore(place);
}
