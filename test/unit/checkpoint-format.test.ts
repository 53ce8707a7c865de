import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint, type Block } from '../../services/worker/trainer/checkpoint/format.js';
import { pointsFromBlocks, pointsToBlocks } from '../../services/worker/trainer/checkpoint/point-blocks.js';

const odd = [Number.NaN, Number.NEGATIVE_INFINITY, -0, 5e-324, 1 / 3];
const blocks = new Map<string, Block>([
  ['device/kernel', { shape: [3, 1], values: Float32Array.of(1, -0, 1e-45) }],
  ['host/numbers', { shape: [5], values: Float64Array.from(odd) }],
  ['host/none', { shape: [0], values: new Float64Array() }],
  ['counts', { shape: [], values: Int32Array.of(-7) }],
]);
const meta = { name: 'ünïcode', nested: [1, null] };
const file = Buffer.concat(encodeCheckpoint({ meta, blocks }));

const codeOf = (bytes: Uint8Array, mostBytes?: number): unknown => {
  try {
    decodeCheckpoint(bytes, mostBytes);
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'read';
};

/** The same file with another content and the digest of that. */
function signed(bytes: Buffer): Buffer {
  const content = bytes.subarray(0, -32);
  return Buffer.concat([content, createHash('sha256').update(content).digest()]);
}

describe('a checkpoint file', () => {
  it.each([0, 1, 4])('gives back every bit, also from %i bytes behind an aligned place', (offset) => {
    const shifted = new Uint8Array(new ArrayBuffer(file.length + offset), offset);
    shifted.set(file);
    const read = decodeCheckpoint(shifted);
    expect(read.meta).toEqual(meta);
    expect([...read.blocks.keys()]).toEqual([...blocks.keys()]);
    for (const [name, { shape, values }] of blocks) {
      const found = read.blocks.get(name);
      expect(found?.shape).toEqual(shape);
      expect(found?.values.constructor).toBe(values.constructor);
      expect(Array.from(found?.values ?? []).every((value, index) => Object.is(value, values[index]))).toBe(true);
      expect(found?.values).toHaveLength(values.length);
    }
  });

  it('is refused when any byte is another or any part is missing', () => {
    for (let at = 0; at < file.length; at += 1) {
      const changed = Buffer.from(file);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(codeOf(changed), `byte ${at}`).toBe(at < 8 ? 'CHECKPOINT_VERSION' : 'CHECKPOINT_TORN');
    }
    for (let length = 0; length < file.length; length += 1) {
      expect(codeOf(file.subarray(0, length)), `${length} bytes`).toBe('CHECKPOINT_TORN');
    }
  });

  it('is refused when what it says of itself does not fit, although its digest does', () => {
    const header = file.toString('latin1', 12, 12 + file.readUInt32LE(8));
    const rewritten = (to: string): Buffer => {
      const changed = Buffer.from(file);
      changed.write(to.padEnd(header.length), 12, 'latin1');
      return signed(changed);
    };
    expect(codeOf(rewritten(header))).toBe('read');
    expect(codeOf(rewritten(header.replace('[3,1]', '[9,9]')))).toBe('CHECKPOINT_TORN');
    expect(codeOf(rewritten(header.replace('[5]', '[2]')))).toBe('CHECKPOINT_TORN');
    expect(codeOf(rewritten(header.replace('float64', 'float16')))).toBe('CHECKPOINT_VERSION');
    expect(codeOf(rewritten(header.replace('{', '[')))).toBe('CHECKPOINT_TORN');
    const longer = Buffer.from(file);
    longer.writeUInt32LE(file.length, 8);
    expect(codeOf(signed(longer))).toBe('CHECKPOINT_TORN');
  });

  it('is neither written nor read above the limit', () => {
    expect(() => encodeCheckpoint({ meta, blocks }, file.length - 1)).toThrow(/at most/);
    expect(codeOf(file, file.length - 1)).toBe('CHECKPOINT_TOO_LARGE');
    expect(codeOf(file, file.length)).toBe('read');
  });
});

it('metric points come back in order, whatever their numbers', () => {
  const points = odd.flatMap((value, epoch) =>
    (['train', 'validation'] as const).map((split) => ({ epoch, split, task: 'a|b', metric: 'loss', value })),
  );
  const { names, blocks: columns } = pointsToBlocks(points);
  expect(names).toHaveLength(2);
  expect(pointsFromBlocks(names, new Map(columns))).toEqual(points);
  expect(() => pointsFromBlocks(names.slice(1), new Map(columns))).toThrow(/has no name/);
});
