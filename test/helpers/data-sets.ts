import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { encode } from 'fast-png';
import { mixHash } from '../../services/worker/workloads/random.js';

/** Writes a file and the folders it needs. */
export function put(file: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}

/** A `.npy` file of version 1 in C order, little endian. */
export function npy(shape: readonly number[], values: Float32Array | Int32Array | Uint8Array): Buffer {
  const dtype = values instanceof Float32Array ? '<f4' : values instanceof Int32Array ? '<i4' : '|u1';
  const header = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const length = 64 * Math.ceil((10 + header.length + 1) / 64);
  const begin = Buffer.alloc(length, ' ');
  begin.write('\u0093NUMPY\u0001\u0000', 'latin1');
  begin.writeUInt16LE(length - 10, 8);
  begin.write(header, 10, 'latin1');
  begin.write('\n', length - 1, 'latin1');
  return Buffer.concat([begin, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}

export function greyPng(values: Uint8Array | Uint16Array, height: number, width: number): Uint8Array {
  return encode({ width, height, data: values, channels: 1, depth: values instanceof Uint16Array ? 16 : 8 });
}

export function rgbPng(values: Uint8Array, height: number, width: number): Uint8Array {
  return encode({ width, height, data: values, channels: 3, depth: 8 });
}

/** A scene as Cityscapes keeps it: labels and instances by its own numbers, disparity as 16 bits. */
export interface CityScene {
  readonly height: number;
  readonly width: number;
  readonly rgb: Uint8Array;
  readonly labelIds: Uint8Array;
  readonly instanceIds: Uint16Array;
  readonly disparity: Uint16Array;
}

/** Cityscapes numbers of what is in the scenes: void, road, sky, person, car, caravan (which is not evaluated). */
const ids = [0, 7, 23, 24, 26, 29];

/** A made-up scene: blocks of labels, two cars, one group of persons without instances, holes in the disparity. */
export function cityScene(seed: number, height: number, width: number): CityScene {
  const pixels = height * width;
  const block = (pixel: number): number => {
    const [row, column] = [Math.floor(pixel / width), pixel % width];
    return mixHash(seed, 100 * Math.floor((row * 5) / height) + Math.floor((column * 7) / width));
  };
  const labelIds = Uint8Array.from({ length: pixels }, (_, pixel) => ids[block(pixel) % ids.length] ?? 0);
  return {
    height,
    width,
    rgb: Uint8Array.from({ length: 3 * pixels }, (_, index) => mixHash(seed + 1, index) % 256),
    labelIds,
    instanceIds: Uint16Array.from(labelIds, (id, pixel) => {
      if (id === 26 || id === 29) return 1000 * id + (block(pixel) % 13);
      return id;
    }),
    disparity: Uint16Array.from({ length: pixels }, (_, pixel) => {
      const hash = mixHash(seed + 2, pixel);
      return hash % 5 === 0 ? 0 : 1 + (hash % 30_000);
    }),
  };
}

/** The files of a Cityscapes download that a scene becomes, by folder and ending. */
export function cityPngs({ height, width, rgb, labelIds, instanceIds, disparity }: CityScene) {
  return [
    ['leftImg8bit', 'leftImg8bit', rgbPng(rgb, height, width)],
    ['gtFine', 'gtFine_labelIds', greyPng(labelIds, height, width)],
    ['gtFine', 'gtFine_instanceIds', greyPng(instanceIds, height, width)],
    ['disparity', 'disparity', greyPng(disparity, height, width)],
  ] as const;
}

/** Writes a scene where a Cityscapes download has it. */
export function putCityScene(folder: string, place: string, pngs: ReturnType<typeof cityPngs>): void {
  for (const [top, ending, bytes] of pngs) put(`${folder}/${top}/${place}_${ending}.png`, bytes);
}

/** A scene of NYUv2 as it is prepared for the multi-task literature: blocks of 13 classes, holes, and surfaces without. */
export function nyuScene(seed: number, height: number, width: number) {
  const pixels = height * width;
  const block = (pixel: number): number => {
    const [row, column] = [Math.floor(pixel / width), pixel % width];
    return mixHash(seed, 100 * Math.floor((row * 4) / height) + Math.floor((column * 4) / width));
  };
  return {
    image: npy(
      [height, width, 3],
      Float32Array.from({ length: 3 * pixels }, (_, index) => (mixHash(seed + 1, index) % 256) / 255),
    ),
    label: npy(
      [height, width],
      Int32Array.from({ length: pixels }, (_, pixel) => (block(pixel) % 14) - 1),
    ),
    depth: npy(
      [height, width, 1],
      Float32Array.from({ length: pixels }, (_, pixel) => (block(pixel) % 7 === 0 ? 0 : 1 + (block(pixel) % 90) / 10)),
    ),
    normal: npy(
      [height, width, 3],
      Float32Array.from({ length: 3 * pixels }, (_, index) => {
        const kind = block(Math.floor(index / 3)) % 5;
        return kind === 0 ? 0 : ([0.6 * (kind - 2.5), 0.2, 0.8][index % 3] as number);
      }),
    ),
  };
}

/** Writes one array a file: `<folder>/<split>/<part>/<index>.npy`. */
export function putArrays(folder: string, split: string, index: number, parts: Readonly<Record<string, Buffer>>): void {
  for (const [part, bytes] of Object.entries(parts)) put(`${folder}/${split}/${part}/${index}.npy`, bytes);
}
