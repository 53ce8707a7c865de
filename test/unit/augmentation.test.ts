import { describe, expect, it } from 'vitest';
import { cityscapesOptions, imageFolderOptions, nyuv2Options } from '../../services/shared/catalog/data-sets.js';
import { shapesOptions, streetScenesOptions } from '../../services/shared/catalog/workloads.js';
import { Augmenter } from '../../services/worker/trainer/augmentation/augmenter.js';
import { drawAugmentation, type Drawn } from '../../services/worker/trainer/augmentation/draw.js';
import { vectorsToCentroids } from '../../services/worker/workloads/centroids.js';
import { mixHash } from '../../services/worker/workloads/random.js';
import type { Batch } from '../../services/worker/workloads/workload.js';

const [height, width] = [12, 20];
const pixels = height * width;
const tasks = [
  { name: 'semantic', kind: 'segmentation' },
  { name: 'instance', kind: 'instance-vectors' },
  { name: 'disparity', kind: 'depth' },
  { name: 'inverse', kind: 'inverse-depth' },
  { name: 'metres', kind: 'metric-depth' },
  { name: 'normals', kind: 'normals' },
  { name: 'room', kind: 'classification' },
] as const;

/** Two instances, blocks of classes, and holes in everything that can have them. */
const instances = Int32Array.from({ length: pixels }, (_, pixel) => {
  const [row, column] = [Math.floor(pixel / width), pixel % width];
  if (row >= 2 && row < 8 && column >= 3 && column < 10) return 1;
  return row >= 5 && row < 11 && column >= 12 && column < 19 ? 2 : 0;
});
const centroids = [
  { x: 6, y: 4.5 },
  { x: 15, y: 7.5 },
];

function batchOf(samples = 1): Batch {
  const noise = (seed: number, length: number): Float32Array =>
    Float32Array.from({ length: samples * length }, (_, index) => (mixHash(seed, index) % 1000) / 999);
  const holed = (values: Float32Array): Float32Array => values.map((value, pixel) => (pixel % 7 === 0 ? 0 : 1 + value));
  const direction = noise(6, 3 * pixels);
  for (let at = 0; at < direction.length; at += 3) {
    const vector = [0, 1, 2].map((axis) => (at % 15 === 0 ? 0 : (direction[at + axis] as number) - 0.5));
    const length = Math.hypot(...vector) || 1;
    vector.forEach((value, axis) => (direction[at + axis] = value / length));
  }
  return {
    size: samples,
    images: noise(1, 3 * pixels),
    targets: {
      semantic: Int32Array.from({ length: samples * pixels }, (_, pixel) => (mixHash(2, pixel >> 2) % 5) - 1),
      instance: Float32Array.from({ length: samples * 3 * pixels }, (_, at) => {
        return vectorsToCentroids(instances, width)[at % (3 * pixels)] as number;
      }),
      disparity: holed(noise(3, pixels)),
      inverse: holed(noise(4, pixels)),
      metres: holed(noise(5, pixels)),
      normals: direction,
      room: Int32Array.from({ length: samples }, (_, sample) => sample % 3),
    },
  };
}

const unchanged: Drawn = { flip: false, scale: 1, across: 0, down: 0, brightness: 1, contrast: 1, saturation: 1 };

function changed(drawn: Partial<Drawn>, batch = batchOf()): Batch {
  new Augmenter({ flip: 0, scale: 1, colour: 0 }, { height, width, channels: 3 }, tasks, 1).change(batch, 0, {
    ...unchanged,
    ...drawn,
  });
  return batch;
}

const at = (row: number, column: number): number => row * width + column;

/** −0 is 0. */
const plain = (values: ArrayLike<number> | undefined): number[] => Array.from(values ?? [], (value) => value + 0);

describe('a flip', () => {
  it('done twice leaves everything as it was', () => {
    const twice = changed({ flip: true }, changed({ flip: true }));
    const before = batchOf();
    expect(plain(twice.images)).toEqual(plain(before.images));
    for (const { name } of tasks) expect(plain(twice.targets[name]), name).toEqual(plain(before.targets[name]));
  });

  it('mirrors every part, and turns the x of vectors and normals round', () => {
    const [before, after] = [batchOf(), changed({ flip: true })];
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const [one, other] = [at(row, column), at(row, width - 1 - column)];
        for (const name of ['semantic', 'disparity', 'inverse', 'metres']) {
          expect(after.targets[name]?.[one]).toBe(before.targets[name]?.[other]);
        }
        for (let channel = 0; channel < 3; channel += 1) {
          expect(after.images[3 * one + channel]).toBe(before.images[3 * other + channel]);
        }
        for (const name of ['normals', 'instance']) {
          const [x = NaN, y, z] = after.targets[name]?.subarray(3 * one, 3 * one + 3) ?? [];
          const [beforeX = NaN, beforeY, beforeZ] = before.targets[name]?.subarray(3 * other, 3 * other + 3) ?? [];
          expect([x + 0, y, z]).toEqual([-beforeX + 0, beforeY, beforeZ]);
        }
      }
    }
    expect(after.targets['room']).toEqual(before.targets['room']);
  });
});

describe.each([
  { flip: false, scale: 2, across: 0.5, down: 0.25 },
  { flip: true, scale: 1.37, across: 0.81, down: 0.3 },
  { flip: false, scale: 1, across: 0, down: 0 },
  { flip: true, scale: 3.9, across: 1, down: 1 },
])('an enlargement %o', (drawn) => {
  const { flip, scale, across, down } = drawn;
  /** Where a point of the picture is seen afterwards: the other direction of what the code does. */
  const placeOf = ({ x, y }: { x: number; y: number }): { x: number; y: number } => {
    const inPart = (place: number, begin: number, length: number): number =>
      (place + 0.5 - begin * (length - length / scale)) * scale - 0.5;
    const seen = inPart(x, across, width);
    return { x: flip ? width - 1 - seen : seen, y: inPart(y, down, height) };
  };
  const [before, after] = [batchOf(), changed(drawn)];

  it('leaves every vector pointing at the middle of its instance', () => {
    const middles = centroids.map(placeOf);
    let counted = 0;
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const [dx = NaN, dy = NaN, valid] = after.targets['instance']?.subarray(3 * pixel, 3 * pixel + 3) ?? [];
      if (valid === 0) continue;
      const [x, y] = [(pixel % width) + dx, Math.floor(pixel / width) + dy];
      const off = Math.min(...middles.map((middle) => Math.hypot(x - middle.x, y - middle.y)));
      expect(off).toBeLessThan(1e-4);
      counted += 1;
    }
    expect(counted).toBeGreaterThan(20);
  });

  it('multiplies disparities and inverse depths by the scale, divides depths by it, and mixes no hole in', () => {
    const constant = changed(drawn, {
      ...batchOf(),
      targets: {
        disparity: new Float32Array(pixels).fill(3),
        inverse: new Float32Array(pixels).map((_, pixel) => (pixel % 3 === 0 ? 0 : 3)),
        metres: new Float32Array(pixels).map((_, pixel) => (pixel % 5 === 0 ? 0 : 3)),
      },
    });
    for (const [name, value] of [
      ['disparity', 3 * scale],
      ['inverse', 3 * scale],
      ['metres', 3 / scale],
    ] as const) {
      const values = plain(constant.targets[name]).filter((one) => one !== 0);
      expect(values.length).toBeGreaterThan(pixels / 3);
      for (const one of values) expect(one).toBeCloseTo(value, 5);
    }
  });

  it('takes labels, normals and holes from the nearest pixel', () => {
    const cut = (place: number, begin: number, length: number): number =>
      Math.min(length - 1, Math.max(0, Math.round(begin * (length - length / scale) + (place + 0.5) / scale - 0.5)));
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const source = at(cut(row, down, height), cut(flip ? width - 1 - column : column, across, width));
        expect(after.targets['semantic']?.[at(row, column)]).toBe(before.targets['semantic']?.[source]);
        expect(after.targets['metres']?.[at(row, column)] === 0).toBe(before.targets['metres']?.[source] === 0);
        const [x = NaN, y, z] = after.targets['normals']?.subarray(3 * at(row, column), 3 * at(row, column) + 3) ?? [];
        const [fromX = NaN, fromY, fromZ] = before.targets['normals']?.subarray(3 * source, 3 * source + 3) ?? [];
        expect([x + 0, y, z]).toEqual([(flip ? -fromX : fromX) + 0, fromY, fromZ]);
      }
    }
  });

  it('gives a picture that is a plane the same plane, seen at its new place', () => {
    const plane = (x: number, y: number): number => 0.1 + 0.03 * x + 0.01 * y;
    const images = Float32Array.from({ length: 3 * pixels }, (_, index) => {
      const pixel = Math.floor(index / 3);
      return plane(pixel % width, Math.floor(pixel / width));
    });
    const seen = changed(drawn, { ...batchOf(), images: images.slice() });
    // Away from the edge, beyond which a picture has nothing to be between.
    for (const [x, y] of [
      [9, 4],
      [10.5, 6],
      [width / 2, height / 2],
    ] as const) {
      const place = placeOf({ x, y });
      const [column, row] = [Math.round(place.x), Math.round(place.y)];
      if (column < 1 || row < 1 || column >= width - 1 || row >= height - 1) continue;
      const moveX = ((flip ? -1 : 1) * (column - place.x)) / scale;
      const expected = plane(x + moveX, y + (row - place.y) / scale);
      expect(seen.images[3 * at(row, column)]).toBeCloseTo(expected, 5);
    }
  });
});

describe('a change of colours', () => {
  const flat = (red: number, green: number, blue: number): Batch => ({
    ...batchOf(),
    images: Float32Array.from({ length: 3 * pixels }, (_, index) => [red, green, blue][index % 3] as number),
  });
  const colourOf = (batch: Batch): number[] => plain(batch.images.subarray(0, 3));
  const grey = 0.299 * 0.5 + 0.587 * 0.25 + 0.114 * 0.75;
  const close = (values: readonly number[]): number[] => values.map((one) => expect.closeTo(one, 6) as number);

  it('multiplies brightness, moves about the mean grey, and towards or away from grey', () => {
    expect(colourOf(changed({ brightness: 0.5 }, flat(0.5, 0.25, 0.75)))).toEqual(close([0.25, 0.125, 0.375]));
    expect(colourOf(changed({ saturation: 0 }, flat(0.5, 0.25, 0.75)))).toEqual(close([grey, grey, grey]));
    expect(colourOf(changed({ contrast: 0 }, flat(0.5, 0.25, 0.75)))).toEqual(close([grey, grey, grey]));
    const inOrder = [0.5, 0.25, 0.75].map((value) => {
      const brighter = 1.1 * value;
      const contrasted = 1.1 * grey + 0.8 * (brighter - 1.1 * grey);
      return 1.1 * grey + 1.3 * (contrasted - 1.1 * grey);
    });
    const all = { brightness: 1.1, contrast: 0.8, saturation: 1.3 };
    expect(colourOf(changed(all, flat(0.5, 0.25, 0.75)))).toEqual(close(inOrder));
  });

  it('stays within 0 … 1, and leaves targets as they are', () => {
    const after = changed({ brightness: 1.9, contrast: 1.9, saturation: 1.9 });
    expect(Math.min(...after.images)).toBe(0);
    expect(Math.max(...after.images)).toBe(1);
    expect(after.targets).toEqual(batchOf().targets);
  });
});

describe('draws', () => {
  const options = { flip: 0.5, scale: 1.5, colour: 0.3 };

  it('follow from seed, epoch and sample, whatever the batch is', () => {
    const of = (indices: readonly number[], epoch: number, seed = 1): Batch => {
      const batch = batchOf(indices.length);
      // The same picture at each place.
      indices.forEach((_, position) => batch.images.set(batchOf().images, position * 3 * pixels));
      new Augmenter(options, { height, width, channels: 3 }, tasks, seed).apply(batch, indices, epoch);
      return batch;
    };
    const pictureOf = (batch: Batch, position: number): Float32Array =>
      batch.images.slice(position * 3 * pixels, (position + 1) * 3 * pixels);
    const together = of([4, 9, 2], 3);
    expect(pictureOf(of([9], 3), 0)).toEqual(pictureOf(together, 1));
    expect(pictureOf(together, 0)).not.toEqual(pictureOf(together, 1));
    expect(pictureOf(of([9], 4), 0)).not.toEqual(pictureOf(together, 1));
    expect(pictureOf(of([9], 3, 2), 0)).not.toEqual(pictureOf(together, 1));
  });

  it('are spread evenly over what is allowed', () => {
    const drawn = Array.from({ length: 4000 }, (_, sample) => drawAugmentation(options, 7, 1, sample));
    const mean = (of: (one: Drawn) => number): number => drawn.reduce((sum, one) => sum + of(one), 0) / drawn.length;
    expect(mean(({ flip }) => Number(flip))).toBeCloseTo(0.5, 1);
    expect(mean(({ scale }) => scale)).toBeCloseTo(1.25, 1);
    expect(mean(({ across }) => across)).toBeCloseTo(0.5, 1);
    expect(mean(({ contrast }) => contrast)).toBeCloseTo(1, 1);
    for (const { scale, brightness, saturation } of drawn) {
      expect(scale >= 1 && scale < 1.5).toBe(true);
      expect(Math.max(Math.abs(brightness - 1), Math.abs(saturation - 1))).toBeLessThanOrEqual(0.3);
    }
    // Draws of one sample do not go together.
    const correlation = mean(({ scale, across }) => (scale - 1.25) * (across - 0.5)) / (0.5 / 12);
    expect(Math.abs(correlation)).toBeLessThan(0.06);
  });

  it('can be asked of what has pictures, and of nothing else', () => {
    for (const schema of [streetScenesOptions, nyuv2Options, cityscapesOptions, imageFolderOptions]) {
      expect(schema.partial().parse({ augment: { flip: 0.5 } }).augment).toEqual({ flip: 0.5, scale: 1, colour: 0 });
      expect(schema.partial().safeParse({ augment: { flip: 2 } }).success).toBe(false);
      expect(schema.partial().safeParse({ augment: { scale: 0.5 } }).success).toBe(false);
    }
    expect(shapesOptions.safeParse({ augment: {} }).success).toBe(false);
  });
});
