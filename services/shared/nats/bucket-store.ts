import { open } from 'node:fs/promises';
import { nanos, StorageType, type NatsConnection, type ObjectInfo, type ObjectStore, type StoredMsg } from 'nats';
import type { CheckpointStore, StoredObject } from '../checkpoint-store/store.js';
import { SigmasweepError } from '../errors.js';
import { checkpointBucket } from '../nats-names.js';

const stream = `OBJ_${checkpointBucket}`;
const chunkBytes = 128 * 1024;
/** After so many chunks the server is waited for, so that heartbeats never wait behind a whole checkpoint. */
const chunksAhead = 8;
/** A transfer is given up when it is slower than this over the whole of it. */
const leastBytesPerSecond = 128 * 1024;
const patienceMs = 20_000;
/** An object that nobody deleted, because no coordinator was left to, is gone after so many days. */
const longestDays = 90;

/** What `list` calls the chunks of an object that was never completed; an object's name begins with a trial's id. */
const partPrefix = 'part.';
const chunksSubject = (nuid: string): string => `$O.${checkpointBucket}.C.${nuid}`;
const objectsPrefix = `$O.${checkpointBucket}.M.`;

/** What the bucket may take. */
export interface BucketRoom {
  /** Bytes of all objects together. */
  readonly mostBytes: number;
  /** Servers of a cluster that each keep a copy. */
  readonly replicas: number;
}

/** The object store of JetStream: in chunks, with a checksum of its own. */
export class BucketStore implements CheckpointStore {
  private bucket: Promise<ObjectStore> | undefined;

  /** @param room only the coordinator says; workers take the bucket as it is */
  constructor(
    private readonly connection: NatsConnection,
    private readonly room?: BucketRoom,
  ) {}

  async ensure(): Promise<void> {
    try {
      // The server forgets it with its store folder: what was opened once may be gone.
      this.bucket = undefined;
      await this.open();
      const manager = await this.connection.jetstreamManager();
      const { config } = await manager.streams.info(stream);
      if (this.room === undefined) return;
      const { mostBytes, replicas } = this.room;
      if (config.max_bytes !== mostBytes || config.num_replicas !== replicas) {
        await manager.streams.update(stream, { ...config, max_bytes: mostBytes, num_replicas: replicas });
      }
    } catch (cause) {
      this.bucket = undefined;
      throw new SigmasweepError('CHECKPOINTS_UNAVAILABLE', `There is no store for checkpoints: ${String(cause)}`, {
        hint: 'nats-server needs room in its store folder (SIGMASWEEP_CHECKPOINT_GIB), or set SIGMASWEEP_CHECKPOINTS to a shared folder.',
        cause,
      });
    }
  }

  async put(name: string, file: string): Promise<void> {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const bucket = await this.open();
      let position = 0;
      let chunks = 0;
      const content = new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          const chunk = new Uint8Array(Math.min(chunkBytes, size - position));
          const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
          if (bytesRead > 0) controller.enqueue(chunk.subarray(0, bytesRead));
          position += bytesRead;
          chunks += 1;
          if (chunks % chunksAhead === 0) await this.connection.flush();
          if (position >= size || bytesRead === 0) controller.close();
        },
      });
      const stored = bucket.put({ name, options: { max_chunk_size: chunkBytes } }, content, { timeout: patienceMs });
      await within(stored, timeFor(size), `storing ${name}`);
    } catch (error) {
      this.bucket = undefined;
      throw error;
    } finally {
      await handle.close();
    }
  }

  async get(name: string, file: string, bytes: number): Promise<void> {
    const bucket = await this.open();
    const found = await bucket.get(name);
    if (found === null) throw new SigmasweepError('CHECKPOINT_GONE', `There is no object ${name}`);
    // It tells of its failure by the stream as well.
    found.error.catch(() => undefined);
    if (found.info.size !== bytes) {
      void found.data.cancel().catch(() => undefined);
      throw new SigmasweepError('CHECKPOINT_TORN', `${name} has ${found.info.size} bytes; ${bytes} were written`);
    }
    // One whose chunks are gone would be waited for in vain.
    const chunks = chunksSubject(found.info.nuid);
    const manager = await this.connection.jetstreamManager({ checkAPI: false });
    const { state } = await manager.streams.info(stream, { subjects_filter: chunks });
    if (state.subjects?.[chunks] !== found.info.chunks) {
      void found.data.cancel().catch(() => undefined);
      throw new SigmasweepError('CHECKPOINT_TORN', `${name} has lost some of its ${found.info.chunks} chunks`);
    }
    const handle = await open(file, 'wx');
    const reader = found.data.getReader();
    const copy = async (): Promise<void> => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        await handle.writeFile(value);
      }
    };
    try {
      await within(copy(), timeFor(bytes), `fetching ${name}`);
    } finally {
      void reader.cancel().catch(() => undefined);
      await handle.close();
    }
  }

  async delete(names: readonly string[]): Promise<void> {
    const bucket = await this.open();
    const manager = await this.connection.jetstreamManager({ checkAPI: false });
    for (const name of names) {
      if (name.startsWith(partPrefix)) {
        await manager.streams.purge(stream, { filter: chunksSubject(name.slice(partPrefix.length)) });
        continue;
      }
      await bucket.delete(name);
      // What is left says that it was deleted, which nobody asks: names are not used again.
      const encoded = Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
      await manager.streams.purge(stream, { filter: `${objectsPrefix}${encoded}` });
    }
  }

  /**
   * Asks for each object by its subject. The library's own list reads the bucket through a consumer and waits for what was
   * its last message: when another coordinator deletes that one meanwhile, it waits for ever.
   */
  async list(): Promise<StoredObject[]> {
    await this.open();
    const manager = await this.connection.jetstreamManager({ checkAPI: false });
    const { state } = await manager.streams.info(stream, { subjects_filter: `$O.${checkpointBucket}.>` });
    const subjects = Object.keys(state.subjects ?? {});
    const found: StoredObject[] = [];
    const whole = new Set<string>();
    // What was deleted meanwhile has no last message.
    const lastOf = (subject: string): Promise<StoredMsg | undefined> =>
      manager.streams.getMessage(stream, { last_by_subj: subject }).catch(() => undefined);
    for (const subject of subjects.filter((one) => one.startsWith(objectsPrefix))) {
      const last = await lastOf(subject);
      const object = last?.json<ObjectInfo>();
      if (last === undefined || object === undefined) continue;
      whole.add(chunksSubject(object.nuid));
      if (!object.deleted) found.push({ name: object.name, writtenAt: last.time });
    }
    for (const subject of subjects) {
      if (subject.startsWith(objectsPrefix) || whole.has(subject)) continue;
      const last = await lastOf(subject);
      if (last === undefined) continue;
      found.push({ name: `${partPrefix}${subject.slice(chunksSubject('').length)}`, writtenAt: last.time });
    }
    return found;
  }

  private open(): Promise<ObjectStore> {
    this.bucket ??= this.connection.jetstream().views.os(checkpointBucket, {
      description: 'States of trials in training',
      storage: StorageType.File,
      ttl: nanos(longestDays * 86_400_000),
      ...(this.room === undefined ? {} : { max_bytes: this.room.mostBytes, replicas: this.room.replicas }),
    });
    // One that failed is tried again by the next call.
    this.bucket.catch(() => (this.bucket = undefined));
    return this.bucket;
  }
}

function timeFor(bytes: number): number {
  return patienceMs + (bytes / leastBytesPerSecond) * 1000;
}

async function within<Result>(work: Promise<Result>, milliseconds: number, what: string): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(new SigmasweepError('CHECKPOINT_SLOW', `${what} took longer than ${Math.round(milliseconds / 1000)} s`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
