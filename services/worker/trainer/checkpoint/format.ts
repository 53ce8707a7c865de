import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CheckpointError } from './errors.js';

/*
 * A checkpoint file, numbers little endian:
 *
 *     8 bytes   magic
 *     4 bytes   length of the header in bytes
 *     header    JSON: {meta, blocks: [{name, type, shape}]}, then spaces up to a multiple of 8
 *     payload   the blocks' values in their order, each padded to a multiple of 8
 *     32 bytes  SHA-256 of everything before
 */
const magic = Buffer.from('SIGSWCK1', 'latin1');
const digestBytes = 32;
const alignment = 8;
const mostHeaderBytes = 64 * 1024 ** 2;

/** Larger files are neither written nor read: 2 GiB hold a network of 170 million parameters with Adam's moments. */
export const mostCheckpointBytes = 2 * 1024 ** 3 - 1;

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;
type BlockType = keyof typeof constructors;
export type BlockValues = Float32Array | Float64Array | Int32Array;

/** An array of a checkpoint, row-major. */
export interface Block {
  readonly shape: readonly number[];
  readonly values: BlockValues;
}

export interface CheckpointContent {
  /** JSON; its schema is up to whoever writes and reads it. */
  readonly meta: unknown;
  /** By name. */
  readonly blocks: ReadonlyMap<string, Block>;
}

const headerSchema = z.object({
  meta: z.unknown(),
  blocks: z.array(
    z.object({
      name: z.string().min(1),
      type: z.enum(['float32', 'float64', 'int32']),
      shape: z.array(z.int().min(0)).max(8),
    }),
  ),
});

/**
 * @returns the file's parts in their order
 * @throws CheckpointError CHECKPOINT_TOO_LARGE
 */
export function encodeCheckpoint({ meta, blocks }: CheckpointContent, mostBytes = mostCheckpointBytes): Uint8Array[] {
  const header = Buffer.from(
    JSON.stringify({
      meta,
      blocks: [...blocks].map(([name, { shape, values }]) => ({ name, type: typeOf(values), shape })),
    }),
  );
  const prefix = Buffer.alloc(magic.length + 4);
  magic.copy(prefix);
  const paddedHeader = padded(prefix.length + header.length) - prefix.length;
  prefix.writeUInt32LE(paddedHeader, magic.length);
  const parts: Uint8Array[] = [prefix, header, Buffer.alloc(paddedHeader - header.length, ' ')];
  for (const { values } of blocks.values()) {
    parts.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    parts.push(new Uint8Array(padded(values.byteLength) - values.byteLength));
  }
  const bytes = parts.reduce((sum, part) => sum + part.byteLength, digestBytes);
  if (bytes > mostBytes) throw tooLarge(bytes, mostBytes);
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return [...parts, hash.digest()];
}

/**
 * Reads a checkpoint file. The blocks are views of the given bytes where these are aligned, and copies otherwise.
 * @throws CheckpointError CHECKPOINT_TORN, CHECKPOINT_VERSION, CHECKPOINT_TOO_LARGE
 */
export function decodeCheckpoint(file: Uint8Array, mostBytes = mostCheckpointBytes): CheckpointContent {
  if (file.byteLength > mostBytes) throw tooLarge(file.byteLength, mostBytes);
  const start = magic.length + 4;
  if (file.byteLength < start + digestBytes) throw torn(`it has ${file.byteLength} bytes, fewer than an empty one`);
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (!buffer.subarray(0, magic.length).equals(magic)) {
    throw new CheckpointError(
      'CHECKPOINT_VERSION',
      `The file does not begin like a checkpoint of this version (${magic.toString('latin1')})`,
      'It was written by another version, or is no checkpoint.',
    );
  }
  const end = file.byteLength - digestBytes;
  const digest = createHash('sha256').update(buffer.subarray(0, end)).digest();
  if (!digest.equals(buffer.subarray(end))) throw torn('its SHA-256 is not the one written at its end');

  const headerBytes = buffer.readUInt32LE(magic.length);
  if (headerBytes > Math.min(mostHeaderBytes, end - start)) throw torn(`its header has ${headerBytes} bytes`);
  const { meta, blocks: listed } = readHeader(buffer.toString('utf8', start, start + headerBytes));
  const blocks = new Map<string, Block>();
  let position = start + headerBytes;
  for (const { name, type, shape } of listed) {
    const length = shape.reduce((product, size) => product * size, 1);
    const bytes = length * constructors[type].BYTES_PER_ELEMENT;
    if (position + bytes > end) throw torn(`the values of ${name} reach beyond its end`);
    blocks.set(name, { shape, values: valuesAt(file, position, type, length) });
    position += padded(bytes);
  }
  if (position !== end) throw torn(`${end - position} bytes of it belong to nothing`);
  return { meta, blocks };
}

function readHeader(text: string): z.output<typeof headerSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw torn(`its header is not JSON: ${String(error)}`);
  }
  const parsed = headerSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CheckpointError(
    'CHECKPOINT_VERSION',
    `The header of a checkpoint has another form: ${parsed.error.message}`,
  );
}

function valuesAt(file: Uint8Array, position: number, type: BlockType, length: number): BlockValues {
  const values = constructors[type];
  const at = file.byteOffset + position;
  if (at % values.BYTES_PER_ELEMENT === 0) return new values(file.buffer as ArrayBuffer, at, length);
  return new values(file.slice(position, position + length * values.BYTES_PER_ELEMENT).buffer);
}

function typeOf(values: BlockValues): BlockType {
  if (values instanceof Float32Array) return 'float32';
  return values instanceof Float64Array ? 'float64' : 'int32';
}

function padded(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

function torn(what: string): CheckpointError {
  return new CheckpointError('CHECKPOINT_TORN', `The checkpoint is not whole: ${what}`, 'Take an earlier one.');
}

function tooLarge(bytes: number, most: number): CheckpointError {
  return new CheckpointError(
    'CHECKPOINT_TOO_LARGE',
    `The checkpoint has ${bytes} bytes; at most ${most} are allowed`,
    'Make the model smaller, or train without checkpoints (checkpoint: everySeconds: 0, onStop: false).',
  );
}
