import { createHash, randomUUID, type Hash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/**
 * A cache file: 8 bytes magic, 8 bytes length of the payload (little endian), 32 bytes SHA-256 of the payload, payload.
 * The payload is the samples one after the other, then JSON that tells of them, then the JSON's length in 8 bytes.
 */
const magic = Buffer.from('SIGSWPC2', 'latin1');
/** Byte at which sample 0 begins. */
export const headerBytes = 48;
const trailerLengthBytes = 8;

/** Bytes read or hashed at once. */
const chunkBytes = 16 * 1024 * 1024;

/** A temporary file this old was left by a process that was killed, milliseconds. */
const abandonedAfter = 15 * 60 * 1000;

/** What a cache file tells of its samples. */
export interface CacheContent<About> {
  readonly sampleBytes: number;
  readonly about: About;
}

/**
 * Reads what a cache file tells and checks that it is exactly what was once written.
 * @param parse of the JSON value; undefined or an error where it is not what is expected
 * @returns undefined when the file is not there, cannot be read, or is not what was written
 */
export async function checkCacheFile<About>(
  file: string,
  parse: (value: unknown) => About | undefined,
): Promise<CacheContent<About> | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch {
    return undefined;
  }
  try {
    const { size } = await handle.stat();
    const payload = size - headerBytes;
    if (payload < trailerLengthBytes) return undefined;
    const header = await read(handle, 0, headerBytes);
    if (!headerOf(payload, header.subarray(16)).equals(header)) return undefined;
    const hash = createHash('sha256');
    for (let position = headerBytes; position < size; position += chunkBytes) {
      hash.update(await read(handle, position, Math.min(chunkBytes, size - position)));
    }
    if (!hash.digest().equals(header.subarray(16))) return undefined;
    const aboutBytes = Number((await read(handle, size - trailerLengthBytes, trailerLengthBytes)).readBigUInt64LE());
    const aboutStart = size - trailerLengthBytes - aboutBytes;
    if (aboutStart < headerBytes) return undefined;
    const about = parse(JSON.parse((await read(handle, aboutStart, aboutBytes)).toString('utf8')));
    return about === undefined ? undefined : { sampleBytes: aboutStart - headerBytes, about };
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}

/** Writes a cache file sample by sample, so that other processes see the whole of it or none of it. */
export class CacheFileWriter {
  private payload = 0;
  private readonly hash: Hash = createHash('sha256');

  private constructor(
    private readonly file: string,
    private readonly temporary: string,
    private readonly handle: FileHandle,
  ) {}

  /** @throws the file system's error when the folder cannot be written */
  static async create(file: string): Promise<CacheFileWriter> {
    await mkdir(path.dirname(file), { recursive: true });
    await removeAbandoned(file);
    const temporary = `${file}.${randomUUID()}.tmp`;
    const handle = await open(temporary, 'wx');
    await handle.write(new Uint8Array(headerBytes));
    return new CacheFileWriter(file, temporary, handle);
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.hash.update(bytes);
    let written = 0;
    while (written < bytes.byteLength) {
      const position = headerBytes + this.payload + written;
      written += (await this.handle.write(bytes, written, bytes.byteLength - written, position)).bytesWritten;
    }
    this.payload += bytes.byteLength;
  }

  /** Puts the file in its place. */
  async finish(about: unknown): Promise<void> {
    const text = Buffer.from(JSON.stringify(about), 'utf8');
    const length = Buffer.alloc(trailerLengthBytes);
    length.writeBigUInt64LE(BigInt(text.byteLength));
    await this.append(Buffer.concat([text, length]));
    await this.handle.write(headerOf(this.payload, this.hash.digest()), 0, headerBytes, 0);
    await this.handle.close();
    await rename(this.temporary, this.file);
  }

  /** Takes away what was written. */
  async abandon(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(this.temporary, { force: true });
  }
}

function headerOf(payloadBytes: number, digest: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(payloadBytes));
  return Buffer.concat([magic, length, digest]);
}

async function read(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const target = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(target, filled, length - filled, position + filled);
    if (bytesRead === 0) throw new RangeError('the file ended early');
    filled += bytesRead;
  }
  return target;
}

async function removeAbandoned(file: string): Promise<void> {
  const folder = path.dirname(file);
  const prefix = `${path.basename(file)}.`;
  const left = (await readdir(folder)).filter((name) => name.startsWith(prefix) && name.endsWith('.tmp'));
  for (const name of left) {
    const temporary = path.join(folder, name);
    const age = await stat(temporary).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      // Its writer has just renamed it.
      () => 0,
    );
    if (age > abandonedAfter) await rm(temporary, { force: true });
  }
}
