import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { cityscapesArraysOptions, cityscapesOptions, nyuv2Options } from '../../services/shared/catalog/data-sets.js';
import { packageRoot } from '../../services/shared/version.js';
import { cityscapesArrays, nyuv2 } from '../../services/worker/workloads/arrays/workload.js';
import { cityscapes } from '../../services/worker/workloads/cityscapes/workload.js';
import { holdOut } from '../../services/worker/workloads/files/hold-out.js';
import { readNpy } from '../../services/worker/workloads/files/npy.js';
import { resizeNearest, resizePicture } from '../../services/worker/workloads/files/resize.js';
import type { Dataset, OpenWorkload, TargetArray } from '../../services/worker/workloads/workload.js';
import { cityPngs, cityScene, greyPng, npy, put, putCityScene, rgbPng, type CityScene } from '../helpers/data-sets.js';

const made = mkdtempSync(join(tmpdir(), 'sigmasweep-data-'));
afterAll(() => rmSync(made, { recursive: true, force: true }));

let folders: { cacheFolder: string; dataFolder: string };
beforeEach(() => {
  const at = mkdtempSync(join(made, 'set-'));
  folders = { cacheFolder: join(at, 'cache'), dataFolder: join(at, 'data') };
});

/** Made by test/fixtures/npy.py. */
interface Fixtures {
  byDtype: Record<string, { file: string; values: number[] }>;
  fortran: string;
  version2: string;
  complex: string;
  objects: string;
}
const fixtures = JSON.parse(readFileSync(join(packageRoot, 'test/fixtures/npy.json'), 'utf8')) as Fixtures;
const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

describe('a .npy file', () => {
  it.each(Object.entries(fixtures.byDtype))('of dtype %s is read as NumPy wrote it', (_, { file, values }) => {
    const array = readNpy(bytesOf(file), 'a.npy');
    expect(array.shape).toEqual([2, 3]);
    expect([...array.values]).toEqual(values);
  });

  it('of version 2 is read', () => {
    expect(readNpy(bytesOf(fixtures.version2), 'a.npy').shape).toEqual([2, 3]);
  });

  it.each([
    ['in Fortran order', bytesOf(fixtures.fortran), /^a\.npy is in Fortran order/],
    ['of complex numbers', bytesOf(fixtures.complex), /^a\.npy has the dtype <c16;/],
    ['of objects', bytesOf(fixtures.objects), /^a\.npy has the dtype \|O;/],
    ['that is cut off', bytesOf(fixtures.version2).subarray(0, -1), /^a\.npy is truncated: it has 23 bytes.*take 24$/],
    [
      'cut off in its header',
      bytesOf(fixtures.version2).subarray(0, 40),
      /^a\.npy is truncated: its 40 bytes end within/,
    ],
    ['that is a PNG', Buffer.from(greyPng(new Uint8Array(4), 2, 2)), /^a\.npy does not begin as a \.npy file does/],
  ])('%s is refused, and told why', (_, bytes, message) => expect(() => readNpy(bytes, 'a.npy')).toThrow(message));
});

describe('resizing', () => {
  it('averages areas, also where their edges cut pixels', () => {
    const values = Float32Array.from({ length: 36 }, (_, index) => index);
    const halved = resizePicture(values, [6, 6], [2, 3], 1);
    // Means of blocks of 3 × 2.
    expect([...halved]).toEqual([6.5, 8.5, 10.5, 24.5, 26.5, 28.5]);
    // 6 → 4: each area is 1.5 wide, so that its first is (1·0 + 0.5·1) / 1.5.
    expect([...resizePicture(values.subarray(0, 6), [1, 6], [1, 4], 1)].map((value) => value * 3)).toEqual(
      [1, 5, 10, 14].map((value) => expect.closeTo(value, 5) as number),
    );
    const mean = (of: Float32Array): number => of.reduce((sum, value) => sum + value, 0) / of.length;
    expect(mean(resizePicture(values, [6, 6], [5, 4], 1))).toBeCloseTo(17.5, 4);
  });

  it('interpolates where a picture gets larger, and never mixes labels', () => {
    expect([...resizePicture([0, 4], [1, 2], [1, 4], 1)]).toEqual([0, 1, 3, 4]);
    expect([...resizeNearest([7, 9], [1, 2], [2, 4])]).toEqual([7, 7, 9, 9, 7, 7, 9, 9]);
  });
});

describe('held-out samples', () => {
  const names = Array.from({ length: 200 }, (_, index) => `s${index}`);

  it('are as many as asked for, follow from seed and name, and stay when one is added', () => {
    const { kept, heldOut } = holdOut(names, 0.1, 7);
    expect([kept.length, heldOut.length]).toEqual([180, 20]);
    expect(holdOut(names, 0.1, 7)).toEqual({ kept, heldOut });
    expect(holdOut(names, 0.1, 8).heldOut).not.toEqual(heldOut);
    const later = holdOut([...names, 'one more'], 0.1, 7).heldOut;
    expect(later.filter((name) => !heldOut.includes(name)).length).toBeLessThanOrEqual(1);
  });
});

function everything(dataset: Dataset, tasks: readonly string[]): Record<string, TargetArray> {
  const all = Array.from({ length: dataset.length }, (_, index) => index);
  const { images, targets } = dataset.batch(all, tasks);
  return { images, ...targets };
}

const tasksOf = (workload: OpenWorkload): string[] => workload.tasks.map(({ name }) => name);

describe('Cityscapes as downloaded', () => {
  const [height, width] = [64, 96];
  const size = { height: 16, width: 24 };
  const scenes = Array.from({ length: 6 }, (_, index) => cityScene(10 * index, height, width));
  const pngs = scenes.map(cityPngs);
  const split = (index: number): string => (index < 4 ? 'train' : 'val');
  const nameOf = (index: number): string => `ulm_00000${index}_000019`;
  const folder = (): string => join(folders.dataFolder, 'cityscapes-raw');
  const putAll = (): void =>
    pngs.forEach((files, index) => putCityScene(folder(), `${split(index)}/ulm/${nameOf(index)}`, files));
  const open = (changes: object = {}) => cityscapes.open(cityscapesOptions.parse({ ...size, ...changes }), folders);

  /** What the loader has to make of a scene, by the plainest way: every pixel from its block of 4 × 4. */
  function asArrays(scene: CityScene, classOf: (id: number) => number) {
    const [h, w] = [size.height, size.width];
    const from = (row: number, column: number): number => (4 * row + 2) * width + 4 * column + 2;
    const pick = (values: ArrayLike<number>): number[] =>
      Array.from({ length: h * w }, (_, at) => values[from(Math.floor(at / w), at % w)] as number);
    const image = Float32Array.from({ length: h * w * 3 }, (_, index) => {
      const [row, column] = [Math.floor(index / 3 / w), Math.floor(index / 3) % w];
      let sum = 0;
      for (let block = 0; block < 16; block += 1) {
        const pixel = (4 * row + Math.floor(block / 4)) * width + 4 * column + (block % 4);
        sum += scene.rgb[3 * pixel + (index % 3)] as number;
      }
      return Math.round(sum / 16) / 255;
    });
    return {
      image,
      label: Float32Array.from(pick(scene.labelIds), classOf),
      instance: Int32Array.from(pick(scene.instanceIds), (id) => (Math.floor(id / 1000) === 26 ? id : 0)),
      depth: Float32Array.from(pick(scene.disparity), (stored) => (stored === 0 ? 0 : (stored - 1) / 256 / 4)),
    };
  }

  it('gives the same tensors as the same scenes saved as .npy', async () => {
    putAll();
    const classes = new Map([
      [7, 0],
      [23, 4],
      [24, 5],
      [26, 6],
    ]);
    scenes.forEach((scene, index) => {
      const arrays = asArrays(scene, (id) => classes.get(id) ?? -1);
      const path = (part: string): string => join(folders.dataFolder, 'cityscapes', split(index), part, `${index}.npy`);
      const [h, w] = [size.height, size.width];
      put(path('image'), npy([h, w, 3], arrays.image));
      put(path('label'), npy([h, w], arrays.label));
      put(path('instance'), npy([h, w], arrays.instance));
      put(path('depth'), npy([h, w, 1], arrays.depth));
    });
    // With a share of 0 both have their samples in the order of their names.
    const raw = await open({ classes: 7, validationShare: 0 });
    const saved = await cityscapesArrays.open(cityscapesArraysOptions.parse({ validationShare: 0 }), folders);
    expect(tasksOf(raw)).toEqual(['semantic', 'instance', 'depth']);
    expect(tasksOf(saved)).toEqual(tasksOf(raw));
    for (const name of ['train', 'test'] as const) {
      const [one, other] = [everything(raw.splits[name], tasksOf(raw)), everything(saved.splits[name], tasksOf(raw))];
      for (const [field, values] of Object.entries(one)) {
        expect(values.length).toBeGreaterThan(0);
        expect(values, `${name} ${field}`).toEqual(other[field]);
      }
      // What the scenes were made to hold is there: ignored and valid pixels, instances and none, holes.
      for (const target of ['semantic', 'depth', 'instance']) expect(new Set(one[target]).size).toBeGreaterThan(3);
      expect(one['semantic']).toContain(-1);
      expect(one['depth']).toContain(0);
    }
    [raw, saved].forEach((workload) => workload.close?.());
  });

  it('holds its validation split out of the training split, and comes from the cache the second time', async () => {
    putAll();
    const first = await open({ validationShare: 0.5 });
    expect([first.splits.train.length, first.splits.validation.length, first.splits.test.length]).toEqual([2, 2, 2]);
    const images = everything(first.splits.train, []);
    first.close?.();
    const decoded = readdirSync(folders.cacheFolder);
    const second = await open({ validationShare: 0.5 });
    expect(everything(second.splits.train, [])).toEqual(images);
    second.close?.();
    expect(readdirSync(folders.cacheFolder)).toEqual(decoded);
    // A file that has changed is read again.
    for (let index = 0; index < 4; index += 1)
      putCityScene(folder(), `train/ulm/${nameOf(index)}`, cityPngs(cityScene(99, height, width)));
    const third = await open({ validationShare: 0.5 });
    expect(everything(third.splits.train, [])).not.toEqual(images);
    third.close?.();
  });

  const image = (): string => join(folder(), 'leftImg8bit/train/ulm', `${nameOf(1)}_leftImg8bit.png`);
  const labels = (): string => join(folder(), 'gtFine/train/ulm', `${nameOf(1)}_gtFine_labelIds.png`);
  const disparity = (): string => join(folder(), 'disparity/train/ulm', `${nameOf(1)}_disparity.png`);

  it.each<[string, () => void, RegExp]>([
    [
      'an 8-bit disparity',
      () => put(disparity(), greyPng(new Uint8Array(height * width), height, width)),
      /_disparity\.png has 8 bits a pixel; 16 are expected/,
    ],
    [
      'a palette PNG',
      () =>
        put(
          labels(),
          encode({
            width,
            height,
            data: new Uint8Array(height * width),
            channels: 1,
            depth: 8,
            palette: [
              [1, 2, 3],
              [4, 5, 6],
            ],
          }),
        ),
      /_labelIds\.png is a palette PNG; a grey one of 8 bits is expected/,
    ],
    ['a missing pair', () => rmSync(disparity()), /_disparity\.png is missing/],
    ['labels without a picture', () => rmSync(image()), /_leftImg8bit\.png is missing/],
    ['a file without a byte', () => writeFileSync(image(), ''), /_leftImg8bit\.png has no bytes/],
    ['a truncated picture', () => truncateSync(image(), 300), /_leftImg8bit\.png is truncated: its 300 bytes/],
    [
      'a picture with a wrong byte',
      () => {
        const bytes = readFileSync(image());
        bytes[200] = (bytes[200] ?? 0) ^ 0xff;
        writeFileSync(image(), bytes);
      },
      /_leftImg8bit\.png is no PNG file that can be decoded/,
    ],
    [
      'a target of another size',
      () => put(labels(), greyPng(new Uint8Array(4), 2, 2)),
      /_labelIds\.png is 2 × 2; its picture is 64 × 96/,
    ],
    [
      'a link out of the root',
      () => {
        const outside = join(folders.dataFolder, '..', 'outside.png');
        writeFileSync(outside, rgbPng(new Uint8Array(3 * height * width), height, width));
        rmSync(image());
        symlinkSync(outside, image());
      },
      /_leftImg8bit\.png is a link that leads out of the data root/,
    ],
  ])('leaves %s out and says so, or ends when asked', async (_, spoil, message) => {
    putAll();
    spoil();
    const workload = await open({ validationShare: 0 });
    expect(workload.splits.train.length).toBe(3);
    expect(workload.skipped?.train.count).toBe(1);
    expect(workload.skipped?.train.broken[0]?.message).toMatch(message);
    workload.close?.();
    // The cache remembers what was left out.
    const again = await open({ validationShare: 0 });
    expect(again.skipped).toEqual(workload.skipped);
    again.close?.();
    await expect(open({ validationShare: 0, broken: 'fail' })).rejects.toThrow(message);
  });
});

describe('NYUv2 in arrays', () => {
  const [height, width] = [4, 6];
  const pixels = height * width;
  const file = (split: string, part: string, index = 0): string =>
    join(folders.dataFolder, 'nyuv2', split, part, `${index}.npy`);
  const open = (changes: object = {}) => nyuv2.open(nyuv2Options.parse({ validationShare: 0, ...changes }), folders);
  const image = Float32Array.from({ length: 3 * pixels }, (_, index) => (index % 256) / 255);
  const label = Float32Array.from({ length: pixels }, (_, index) => (index % 14) - 1);
  const depth = Float32Array.from({ length: pixels }, (_, index) => (index % 5) * 0.7);
  const normal = Float32Array.from({ length: 3 * pixels }, (_, index) =>
    Math.floor(index / 3) % 4 === 0 ? 0 : ([0.6, 0, 0.8][index % 3] as number),
  );
  const putAll = (): void => {
    for (const [split, count] of [
      ['train', 3],
      ['val', 2],
    ] as const) {
      for (let index = 0; index < count; index += 1) {
        put(file(split, 'image', index), npy([height, width, 3], image));
        put(file(split, 'label', index), npy([height, width], label));
        put(file(split, 'depth', index), npy([height, width, 1], depth));
        put(file(split, 'normal', index), npy([height, width, 3], normal));
      }
    }
  };
  /** Channels before rows and columns. */
  const turned = (values: Float32Array): Float32Array =>
    Float32Array.from(values, (_, index) => values[3 * (index % pixels) + Math.floor(index / pixels)] as number);

  it('are the numbers of the files, in both orders of channels', async () => {
    putAll();
    put(file('train', 'image', 1), npy([3, height, width], turned(image)));
    put(file('train', 'label', 1), npy([1, height, width], Int32Array.from(label)));
    put(file('train', 'depth', 1), npy([height, width], depth));
    put(file('train', 'normal', 1), npy([3, height, width], turned(normal)));
    const workload = await open();
    expect(workload).toMatchObject({ height, width, channels: 3 });
    expect(tasksOf(workload)).toEqual(['semantic', 'depth', 'normals']);
    for (const index of [0, 1]) {
      const { images, targets } = workload.splits.train.batch([index], tasksOf(workload));
      images.forEach((value, at) => expect(value).toBeCloseTo(image[at] ?? NaN, 6));
      expect([...(targets['semantic'] ?? [])]).toEqual([...label]);
      expect(targets['depth']).toEqual(depth);
      targets['normals']?.forEach((value, at) =>
        expect(Math.abs(value - (normal[at] ?? NaN))).toBeLessThan(1 / 60_000),
      );
    }
    workload.close?.();
  });

  it('can lack what is not trained, and its labels can be bytes with 255 for what is ignored', async () => {
    putAll();
    for (const split of ['train', 'val'])
      rmSync(join(folders.dataFolder, 'nyuv2', split, 'normal'), { recursive: true });
    put(
      file('train', 'label'),
      npy(
        [height, width],
        Uint8Array.from(label, (value) => (value < 0 ? 255 : value)),
      ),
    );
    const workload = await open();
    expect(tasksOf(workload)).toEqual(['semantic', 'depth']);
    expect([...(workload.splits.train.batch([0], ['semantic']).targets['semantic'] ?? [])]).toEqual([...label]);
    workload.close?.();
  });

  it.each<[string, () => void, RegExp]>([
    [
      'NaN',
      () =>
        put(
          file('train', 'depth'),
          npy(
            [height, width],
            depth.map((value, at) => (at === 7 ? NaN : value)),
          ),
        ),
      /depth\/0\.npy has NaN at position 7 of 24/,
    ],
    [
      'a class too many',
      () => put(file('train', 'label'), npy([height, width], new Int32Array(pixels).fill(13))),
      /label\/0\.npy has the label 13; the classes are 0 … 12/,
    ],
    [
      'a picture of 0 … 255 in floats',
      () =>
        put(
          file('train', 'image'),
          npy(
            [height, width, 3],
            image.map((value) => 255 * value),
          ),
        ),
      /image\/0\.npy has the value .*; floats of a picture must lie in 0 … 1/,
    ],
    [
      'another size',
      () => put(file('train', 'image'), npy([2, 2, 3], new Float32Array(12))),
      /image\/0\.npy is 2 × 2; the pictures of this set are 4 × 6/,
    ],
    [
      'five channels',
      () => put(file('train', 'normal'), npy([height, width, 5], new Float32Array(5 * pixels))),
      /normal\/0\.npy has the shape 4 × 6 × 5; expected H × W × 3 or 3 × H × W/,
    ],
    [
      'Fortran order',
      () => put(file('train', 'depth'), bytesOf(fixtures.fortran)),
      /depth\/0\.npy is in Fortran order/,
    ],
    ['a wrong dtype', () => put(file('train', 'depth'), bytesOf(fixtures.complex)), /depth\/0\.npy has the dtype <c16/],
  ])('says what is wrong with %s', async (_, spoil, message) => {
    putAll();
    spoil();
    await expect(open({ broken: 'fail' })).rejects.toThrow(message);
  });

  it('keeps its size when the first of its pictures has another one: that picture is left out', async () => {
    putAll();
    put(file('train', 'image'), npy([2, 2, 3], new Float32Array(12)));
    const workload = await open();
    expect([workload.height, workload.width, workload.splits.train.length]).toEqual([height, width, 2]);
    expect(workload.skipped?.train.broken.map(({ code }) => code)).toEqual(['DATA_FILE_SHAPE']);
    workload.close?.();
  });

  it('says where it looks when there is no data root, no folder, nothing in it, or nothing that can be used', async () => {
    await expect(nyuv2.open(nyuv2Options.parse({}), { cacheFolder: folders.cacheFolder })).rejects.toThrow(
      /no data root/,
    );
    await expect(open()).rejects.toThrow(/data root .* is not there/);
    put(join(folders.dataFolder, 'x'), '');
    await expect(open()).rejects.toThrow(/no folder nyuv2 under the data root/);
    symlinkSync(tmpdir(), join(folders.dataFolder, 'link'));
    await expect(open({ folder: 'link' })).rejects.toThrow(/leads out of the data root/);
    putAll();
    for (const index of [0, 1, 2]) writeFileSync(file('train', 'depth', index), '');
    await expect(open()).rejects.toThrow(
      /nyuv2-train has no sample that can be used: train\/depth\/0\.npy has no bytes/,
    );
    rmSync(join(folders.dataFolder, 'nyuv2', 'val'), { recursive: true });
    await expect(open()).rejects.toThrow(/no samples for the validation split/);
  });

  it.each(['..', '../x', '/etc', 'a/../../b', 'a//b', './a', 'a/..', ''])('can not be in the folder %j', (folder) => {
    expect(nyuv2Options.safeParse({ folder }).success).toBe(false);
  });

  it.each(['nyu v2', 'sets/nyu_v2.1', '..x'])('can be in the folder %j', (folder) => {
    expect(nyuv2Options.safeParse({ folder }).success).toBe(true);
  });
});
