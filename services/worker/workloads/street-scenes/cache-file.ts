import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/**
 * A cache file: 8 bytes magic, 8 bytes length of the payload (little endian), 32 bytes SHA-256 of the payload, payload.
 */
const magic = Buffer.from('SIGSWPC1', 'latin1');
const headerBytes = 48;

/** Node reads and writes at most 2 GiB in one call. */
const chunkBytes = 64 * 1024 * 1024;

/** A temporary file this old was left by a process that was killed, milliseconds. */
const abandonedAfter = 15 * 60 * 1000;

function* chunksOf(block: ArrayBuffer): Generator<Uint8Array> {
  for (let start = 0; start < block.byteLength; start += chunkBytes) {
    yield new Uint8Array(block, start, Math.min(chunkBytes, block.byteLength - start));
  }
}

function checksum(block: ArrayBuffer): Buffer {
  const hash = createHash('sha256');
  for (const chunk of chunksOf(block)) hash.update(chunk);
  return hash.digest();
}

/**
 * Reads a cache file's payload.
 * @returns undefined when the file is not there, cannot be read, or is not exactly what was once written
 */
export async function readCacheFile(file: string, payloadBytes: number): Promise<ArrayBuffer | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch {
    return undefined;
  }
  try {
    const { size } = await handle.stat();
    if (size !== headerBytes + payloadBytes) return undefined;
    const header = new Uint8Array(headerBytes);
    await fill(handle, header, 0);
    const expected = headerOf(payloadBytes, Buffer.from(header.subarray(16)));
    if (!expected.equals(header)) return undefined;
    const block = new ArrayBuffer(payloadBytes);
    let position = headerBytes;
    for (const chunk of chunksOf(block)) {
      await fill(handle, chunk, position);
      position += chunk.byteLength;
    }
    return checksum(block).equals(header.subarray(16)) ? block : undefined;
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}

/**
 * Writes a cache file so that other processes see the whole of it or none of it.
 * @throws the file system's error when the folder cannot be written
 */
export async function writeCacheFile(file: string, block: ArrayBuffer): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await removeAbandoned(file);
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(headerOf(block.byteLength, checksum(block)));
      for (const chunk of chunksOf(block)) await handle.writeFile(chunk);
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function headerOf(payloadBytes: number, digest: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(payloadBytes));
  return Buffer.concat([magic, length, digest]);
}

async function fill(handle: FileHandle, target: Uint8Array, position: number): Promise<void> {
  let filled = 0;
  while (filled < target.byteLength) {
    const { bytesRead } = await handle.read(target, filled, target.byteLength - filled, position + filled);
    if (bytesRead === 0) throw new RangeError('the file ended early');
    filled += bytesRead;
  }
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
