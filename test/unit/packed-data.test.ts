import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { codecs, type CodecName } from '../../services/worker/workloads/packed/codecs.js';
import { withDecodingLock } from '../../services/worker/workloads/packed/decoding-lock.js';
import { SampleCoder, type PackedLayout, type SampleValues } from '../../services/worker/workloads/packed/layout.js';
import { openPacked, type PackedSource } from '../../services/worker/workloads/packed/open-packed.js';
import { splitsOf } from '../../services/worker/workloads/packed/splits-of.js';

const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-packed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [height, width] = [3, 5];
const pixels = height * width;

/** Values that a codec must give back, and by how much it may be off. */
const ranges: Readonly<Record<CodecName, { of: (index: number) => number; within: number; channels: number }>> = {
  share8: { of: (index) => (index % 256) / 255, within: 0, channels: 3 },
  share16: { of: (index) => (257 * (index % 256)) / 65_535, within: 0, channels: 3 },
  real32: { of: (index) => index / 4 - 3, within: 0, channels: 1 },
  direction16: { of: (index) => Math.sin(index), within: 1 / 65_534 + 1e-7, channels: 3 },
  label8: { of: (index) => (index % 20) - 1, within: 0, channels: 1 },
  label16: { of: (index) => 977 * (index % 30) - 1, within: 0, channels: 1 },
  // Every fourth pixel belongs to no instance.
  vector: {
    of: (index) => {
      const valid = Math.floor(index / 3) % 4 === 3 ? 0 : 1;
      return index % 3 === 2 ? valid : valid * (index / 7 - 3);
    },
    within: 1 / 64,
    channels: 3,
  },
  disparity16: { of: (index) => (index % 3) * 0.7, within: width / 2 ** 18 + 1e-7, channels: 1 },
};

describe.each(Object.keys(codecs) as CodecName[])('numbers kept as %s', (codec) => {
  it('come back, beside other fields of other sizes', () => {
    const { of, within, channels } = ranges[codec];
    const layout: PackedLayout = {
      height,
      width,
      fields: {
        image: { codec: 'share8', channels: 3, per: 'pixel' },
        one: { codec, channels, per: 'pixel' },
        label: { codec: 'label8', channels: 1, per: 'sample' },
      },
    };
    const coder = new SampleCoder(layout);
    const image = Float32Array.from({ length: 3 * pixels }, (_, index) => index / 255);
    const one = Float32Array.from({ length: channels * pixels }, (_, index) => of(index));
    const bytes = new ArrayBuffer(2 * coder.stride);
    coder.encode({ image, one, label: [-1] }, bytes, 0);
    coder.encode({ image, one, label: [7] }, bytes, coder.stride);
    for (const [start, label] of [
      [0, -1],
      [coder.stride, 7],
    ] as const) {
      const [gotImage, gotOne, gotLabel] = ['image', 'one', 'label'].map((name) => coder.arrayFor(name, 1));
      for (const [name, into] of Object.entries({ image: gotImage, one: gotOne, label: gotLabel })) {
        // What was there before must not show through.
        if (into !== undefined) coder.decode(name, bytes, start, into.fill(9));
      }
      expect(gotImage).toEqual(image);
      expect([...(gotLabel ?? [])]).toEqual([label]);
      one.forEach((value, index) => {
        expect(Math.abs((gotOne?.[index] ?? NaN) - value)).toBeLessThanOrEqual(within);
      });
    }
  });
});

describe('a sample', () => {
  const coder = new SampleCoder({
    height,
    width,
    fields: { image: { codec: 'share8', channels: 3, per: 'pixel' } },
  });

  it('of another size, or a task that the data does not have, is refused', () => {
    expect(() => coder.encode({ image: [1, 2] }, new ArrayBuffer(99), 0)).toThrow(/2 numbers of image, expected 45/);
    expect(() => coder.arrayFor('depth', 1)).toThrow(/holds image, not depth/);
  });
});

/** Sample n is the label n. */
function source(name: string, length: number): PackedSource & { made: number[] } {
  const made: number[] = [];
  return {
    name,
    identity: { of: 'the tests' },
    layout: {
      height: 8,
      width: 8,
      fields: {
        image: { codec: 'share8', channels: 3, per: 'pixel' },
        label: { codec: 'label8', channels: 1, per: 'sample' },
      },
    },
    length,
    sample: (position): SampleValues => {
      made.push(position);
      return { image: new Float32Array(192).fill(position / 255), label: [position] };
    },
    made,
  };
}

const cacheFolder = (): string => mkdtempSync(join(folder, 'cache-'));

describe('a packed split', () => {
  it('is made once, and processes that start together make it once between them', async () => {
    const cache = cacheFolder();
    const sources = [1, 2, 3].map(() => source('together', 20));
    const opened = await Promise.all(sources.map((one) => openPacked(one, cache)));
    expect(sources.map(({ made }) => made.length).sort()).toEqual([0, 0, 20]);
    for (const dataset of opened) {
      const { images, targets } = dataset.batch([19, 3, 3], ['label']);
      expect([...(targets['label'] ?? [])]).toEqual([19, 3, 3]);
      expect([images[0], images[192], images[575]]).toEqual([19, 3, 3].map((value) => Math.fround(value / 255)));
      expect(() => dataset.batch([20], [])).toThrow(/sample 20 is not one of 0 … 19/);
      dataset.close();
    }
    expect(readdirSync(cache).filter((name) => !name.endsWith('.bin'))).toEqual([]);
  });

  it('comes from the cache the next time, and is refused by whoever closed it', async () => {
    const cache = cacheFolder();
    (await openPacked(source('again', 6), cache)).close();
    const one = source('again', 6);
    const { splits, close } = await splitsOf(() => openPacked(one, cache));
    expect(one.made).toEqual([]);
    expect([...(splits.train.batch([5, 0], ['label']).targets['label'] ?? [])]).toEqual([5, 0]);
    close?.();
    expect(() => splits.test.batch([0], [])).toThrow();
  });

  it('is kept in memory where the cache folder cannot be written', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const dataset = await openPacked(source('memory', 4), join(file, 'cache'));
    expect([...(dataset.batch([2], ['label']).targets['label'] ?? [])]).toEqual([2]);
  });

  it('leaves nothing behind when a sample cannot be made', async () => {
    const cache = cacheFolder();
    const failing = { ...source('failing', 4), sample: () => Promise.reject(new Error('no such file')) };
    await expect(openPacked(failing, cache)).rejects.toThrow('no such file');
    expect(readdirSync(cache)).toEqual([]);
  });
});

describe('the decoding lock', () => {
  it('is taken over from a holder that is gone', async () => {
    const lock = join(cacheFolder(), 'x.lock');
    writeFileSync(lock, '');
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(lock, longAgo, longAgo);
    expect(await withDecodingLock(lock, () => Promise.resolve(existsSync(lock)))).toBe(true);
    expect(existsSync(lock)).toBe(false);
  });
});
