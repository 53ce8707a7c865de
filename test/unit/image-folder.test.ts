import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { encode } from 'fast-png';
import jpeg from 'jpeg-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { imageFolderOptions } from '../../services/shared/catalog/data-sets.js';
import { packageRoot } from '../../services/shared/version.js';
import { readCsv } from '../../services/worker/workloads/files/csv.js';
import { orientationOf, upright } from '../../services/worker/workloads/files/exif.js';
import { readPicture } from '../../services/worker/workloads/files/picture-file.js';
import { imageFolder } from '../../services/worker/workloads/image-folder/workload.js';
import { multiLabel } from '../../services/worker/workloads/task-kinds/multi-label.js';
import { normals } from '../../services/worker/workloads/task-kinds/normals.js';
import { regression } from '../../services/worker/workloads/task-kinds/regression.js';
import type { MetricAccumulator, OpenTask, TargetArray } from '../../services/worker/workloads/workload.js';
import { put, rgbPng } from '../helpers/data-sets.js';

/** Made by test/fixtures/head_metrics.py. */
type Numbers = Record<string, number>;
const expected = JSON.parse(readFileSync(join(packageRoot, 'test/fixtures/head-metrics.json'), 'utf8')) as Record<
  'multiLabel' | 'regression' | 'normals',
  Numbers
>;

/** The formula of head_metrics.py. */
function uniform(count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    let x = (Math.imul(index, 2654435761) + seed * 40503) >>> 0;
    x ^= x >>> 15;
    x = Math.imul(x, 2246822519) >>> 0;
    return ((x ^ (x >>> 13)) >>> 0) / 2 ** 32;
  });
}

const [samples, labels] = [150, 5];
const task = (kind: OpenTask['kind'], outputChannels: number, more: Partial<OpenTask> = {}): OpenTask => {
  return { name: 'x', kind, label: 'X', output: 'vector', outputChannels, channelNames: [], ...more };
};

/** Scores fed in batches that do not divide the set. */
function scored(accumulator: MetricAccumulator, outputs: Float32Array, targets: TargetArray): Numbers {
  const [perOutput, perTarget] = [outputs.length / samples, targets.length / samples];
  for (let start = 0; start < samples; start += 7) {
    const end = Math.min(samples, start + 7);
    const part = targets.subarray(perTarget * start, perTarget * end);
    accumulator.update(outputs.subarray(perOutput * start, perOutput * end), part, end - start);
  }
  return accumulator.result();
}

function agrees(found: Numbers, wanted: Numbers): void {
  const metrics = Object.entries(wanted).filter(([name]) => name !== 'loss');
  expect(Object.keys(found).sort()).toEqual(metrics.map(([name]) => name).sort());
  for (const [name, value] of metrics) {
    expect(Math.abs((found[name] ?? NaN) / value - 1), name).toBeLessThan(1e-6);
  }
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('against NumPy and scikit-learn', () => {
  it('several labels', () => {
    const logits = Float32Array.from(uniform(samples * labels, 1), (value) => Math.round(10 * (8 * value - 4)) / 10);
    const known = uniform(samples * labels, 3);
    const targets = Int32Array.from(uniform(samples * labels, 2), (value, index) =>
      (known[index] ?? 0) < 0.1 ? -1 : Number(value < 0.3 && index % labels !== labels - 1),
    );
    agrees(scored(multiLabel.accumulator(task('multi-label', labels), 1, 1), logits, targets), expected.multiLabel);
    const loss = tf.tidy(() =>
      multiLabel
        .loss(tf.tensor2d(logits, [samples, labels]), multiLabel.targetTensor(targets, samples, 1, 1))
        .dataSync(),
    );
    expect(loss[0]).toBeCloseTo(expected.multiLabel['loss'] ?? NaN, 5);
  });

  it('numbers, in their own unit', () => {
    const known = uniform(samples, 6);
    const targets = Float32Array.from(uniform(samples, 4), (value, index) =>
      (known[index] ?? 0) < 0.2 ? NaN : 4 * value - 2,
    );
    const outputs = Float32Array.from(uniform(samples, 5), (value) => 4 * value - 2);
    const scaled = task('regression', 1, { scaling: { mean: 250, deviation: 40 } });
    agrees(scored(regression.accumulator(scaled, 1, 1), outputs, targets), expected.regression);
    const loss = tf.tidy(() =>
      regression.loss(tf.tensor2d(outputs, [samples, 1]), regression.targetTensor(targets, samples, 1, 1)).dataSync(),
    );
    expect(loss[0]).toBeCloseTo(expected.regression['loss'] ?? NaN, 5);
  });

  it('surface normals', () => {
    const valid = uniform(samples, 9);
    const vectors = Float32Array.from(uniform(3 * samples, 7), (value) => 2 * value - 1);
    const outputs = Float32Array.from(uniform(3 * samples, 8), (value, index) => {
      return (vectors[index] ?? 0) + Math.fround(1.2 * value - 0.6);
    });
    const targets = vectors.map((value, index) => ((valid[Math.floor(index / 3)] ?? 0) < 0.25 ? 0 : value));
    agrees(scored(normals.accumulator(task('normals', 3), 1, 1), outputs, targets), expected.normals);
  });
});

describe('without a single valid target', () => {
  it.each([
    [multiLabel, task('multi-label', labels), labels, new Int32Array(samples * labels).fill(-1)],
    [regression, task('regression', 1), 1, new Float32Array(samples).fill(NaN)],
  ] as const)('$kind has loss 0 and no metrics', (kind, of, channels, targets) => {
    const outputs = new Float32Array(samples * channels).fill(1);
    expect(scored(kind.accumulator(of, 1, 1), outputs, targets)).toEqual({});
    const loss = tf.tidy(() =>
      kind.loss(tf.tensor2d(outputs, [samples, channels]), kind.targetTensor(targets, samples, 1, 1)).dataSync(),
    );
    expect(Math.abs(loss[0] ?? NaN)).toBe(0);
  });

  it('normals have no metrics', () => {
    const none = new Float32Array(3 * samples);
    expect(
      scored(
        normals.accumulator(task('normals', 3), 1, 1),
        none.map(() => 1),
        none,
      ),
    ).toEqual({});
  });
});

describe('a picture', () => {
  const rgb = Uint8Array.from({ length: 24 }, (_, index) => 10 * index);

  it('of any kind of PNG becomes red, green and blue', () => {
    const png = (of: Parameters<typeof encode>[0]): number[] => [...readPicture(Buffer.from(encode(of)), 'a').rgb];
    const size = { width: 4, height: 2 } as const;
    expect(png({ ...size, data: rgb, channels: 3 })).toEqual([...rgb]);
    expect(png({ width: 2, height: 1, data: Uint8Array.of(7, 255, 9, 0), channels: 2 })).toEqual([7, 7, 7, 9, 9, 9]);
    expect(png({ width: 1, height: 1, data: Uint16Array.of(0x1234), channels: 1, depth: 16 })).toEqual([18, 18, 18]);
    const palette = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    expect(png({ width: 2, height: 1, data: Uint8Array.of(1, 0), channels: 1, palette })).toEqual([4, 5, 6, 1, 2, 3]);
  });

  it('of a camera is turned upright', () => {
    // One entry in little endian: the orientation.
    const exif = Uint8Array.from([
      69, 120, 105, 102, 0, 0, 0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0,
    ]);
    expect([orientationOf(exif), orientationOf(undefined), orientationOf(exif.subarray(0, 20))]).toEqual([6, 1, 1]);
    const row = (values: readonly number[]): Uint8Array =>
      Uint8Array.from(values.flatMap((value) => [value, value, value]));
    // Stored as the rows 1 2 / 3 4: turned a quarter to the right it is 3 1 / 4 2.
    expect(upright({ width: 2, height: 2, rgb: row([1, 2, 3, 4]) }, 6).rgb).toEqual(row([3, 1, 4, 2]));
    expect(upright({ width: 2, height: 2, rgb: row([1, 2, 3, 4]) }, 8).rgb).toEqual(row([2, 4, 1, 3]));
    expect(upright({ width: 2, height: 2, rgb: row([1, 2, 3, 4]) }, 3).rgb).toEqual(row([4, 3, 2, 1]));
  });
});

it('a table has quotes, line ends of any system, and a line number where it is wrong', () => {
  expect(readCsv('\uFEFFpath, name\r\n"a, ""b""",x\n\nc,\n', 't.csv').rows).toEqual([
    { path: 'a, "b"', name: 'x' },
    { path: 'c', name: '' },
  ]);
  expect(() => readCsv('a,b\n1,2\n3\n', 't.csv')).toThrow('t.csv, line 3: 1 fields; the first row names 2 columns');
  expect(() => readCsv('a,b\n"1,2\n', 't.csv')).toThrow('t.csv, line 2: a quote is not closed');
});

describe('a folder of pictures', () => {
  const made = mkdtempSync(join(tmpdir(), 'sigmasweep-pictures-'));
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  let folders: { cacheFolder: string; dataFolder: string };
  let at = '';
  beforeEach(() => {
    const folder = mkdtempSync(join(made, 'set-'));
    folders = { cacheFolder: join(folder, 'cache'), dataFolder: join(folder, 'data') };
    at = join(folders.dataFolder, 'images');
  });
  const open = (options: object) =>
    imageFolder.open(imageFolderOptions.parse({ height: 16, width: 16, ...options }), folders);
  const plain = (value: number, height = 20, width = 30): Uint8Array =>
    rgbPng(new Uint8Array(3 * height * width).fill(value), height, width);
  const tasks = { colour: {}, category: { label: 'Piece' } };

  it('has its labels from the names of its folders', async () => {
    const grey = { red: 50, blue: 200 };
    for (const [colour, value] of Object.entries(grey)) {
      for (const category of ['dress', 'shirt']) {
        for (let index = 0; index < 5; index += 1) put(join(at, `${colour}_${category}`, `${index}.png`), plain(value));
      }
    }
    const data = new Uint8Array(4 * 16 * 16).fill(200);
    put(join(at, 'blue_dress', 'photo.JPG'), jpeg.encode({ width: 16, height: 16, data }, 95).data);
    writeFileSync(
      join(at, 'blue_dress', 'cut.jpg'),
      readFileSync(join(at, 'blue_dress', 'photo.JPG')).subarray(0, 100),
    );
    const workload = await open({ tasks, folderName: '{colour}_{category}' });
    expect(workload.tasks).toMatchObject([
      { name: 'colour', kind: 'classification', outputChannels: 2, channelNames: ['blue', 'red'] },
      { name: 'category', label: 'Piece', channelNames: ['dress', 'shirt'] },
    ]);
    const skipped = Object.values(workload.skipped ?? {}).filter(({ count }) => count > 0);
    expect(skipped.flatMap(({ broken }) => broken.map(({ message }) => message))).toEqual([
      expect.stringMatching(/^blue_dress\/cut\.jpg is no JPEG file that can be decoded/),
    ]);
    let [count, reds] = [0, 0];
    for (const { length, batch } of Object.values(workload.splits).map((split) => ({
      length: split.length,
      batch: split.batch(
        Array.from({ length: split.length }, (_, index) => index),
        ['colour', 'category'],
      ),
    }))) {
      count += length;
      batch.targets['colour']?.forEach((colour, sample) => {
        reds += colour;
        expect(Math.abs(255 * (batch.images[3 * 256 * sample] ?? NaN) - (colour === 1 ? 50 : 200))).toBeLessThan(2);
      });
    }
    expect([count, reds]).toEqual([21, 10]);
    workload.close?.();
    await expect(open({ tasks })).rejects.toThrow(/Nothing says where the labels of colour, category are/);
    await expect(open({ tasks, folderName: '{colour}' })).rejects.toThrow(/has places for colour; the tasks are/);
    await expect(open({ tasks, folderName: '{colour}-{category}' })).rejects.toThrow(/lies in the folder blue_dress; /);
  });

  it('has its labels and splits from a table', async () => {
    const kinds = { tags: { kind: 'multi-label' }, price: { kind: 'regression' }, shop: {} };
    const rows = ['path,tags,price,shop,split'];
    ['a|b,10,x,train', 'b,30,y,train', ',,?,train', '?,20,x,val', 'c,50,y,test'].forEach((row, index) => {
      put(join(at, 'p', `${index}.png`), plain(index));
      rows.push(`p/${index}.png,${row}`);
    });
    put(join(at, 'labels.csv'), rows.join('\n'));
    const workload = await open({ tasks: kinds, csv: 'labels.csv' });
    const { targets } = workload.splits.train.batch([0, 1, 2], ['tags', 'price', 'shop']);
    expect([...(targets['tags'] ?? [])]).toEqual([1, 1, 0, 0, 1, 0, 0, 0, 0]);
    expect([...(targets['price'] ?? [])]).toEqual([-1, 1, NaN]);
    expect([...(targets['shop'] ?? [])]).toEqual([0, 1, -1]);
    expect([...(workload.splits.validation.batch([0], ['tags']).targets['tags'] ?? [])]).toEqual([-1, -1, -1]);
    expect(workload.tasks.map(({ scaling }) => scaling)).toEqual([undefined, { mean: 20, deviation: 10 }, undefined]);
    workload.close?.();
    put(join(at, 'labels.csv'), rows.join('\n').replace('30', 'cheap'));
    await expect(open({ tasks: kinds, csv: 'labels.csv' })).rejects.toThrow(/price has the value cheap; numbers are/);
    await expect(open({ tasks: { size: {} }, csv: 'labels.csv' })).rejects.toThrow(/size is missing/);
  });
});
