import type { NatsConnection } from 'nats';
import { FolderStore } from '../checkpoint-store/folder-store.js';
import type { CheckpointStore } from '../checkpoint-store/store.js';
import { BucketStore } from './bucket-store.js';

/** @param place `SIGMASWEEP_CHECKPOINTS`: "nats", or the path of a folder */
export function openCheckpointStore(connection: NatsConnection, place: string, mostBytes?: number): CheckpointStore {
  return place === 'nats' ? new BucketStore(connection, mostBytes) : new FolderStore(place);
}
