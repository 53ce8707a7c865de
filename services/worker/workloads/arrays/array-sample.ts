import { vectorsToCentroids } from '../centroids.js';
import { BrokenFile } from '../files/broken-file.js';
import type { NumberArray } from '../files/npy.js';

/** Numbers of an array as height × width × channels. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Row-major, channels last. */
  readonly values: ArrayLike<number>;
  readonly isFloat: boolean;
}

/**
 * Brings an array into height × width × channels. With channels last or first, whichever fits; without channels there is
 * one.
 * @param channels how many are possible
 * @throws BrokenFile SHAPE, VALUE
 */
export function pixelsOf({ shape, values, dtype }: NumberArray, channels: readonly number[], file: string): Pixels {
  const [first = 0, second = 0, third = 0] = shape;
  const isFloat = dtype.startsWith('f');
  if (isFloat) {
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      const where = `at position ${wrong} of ${values.length}`;
      throw new BrokenFile('VALUE', file, `has ${String(values[wrong])} ${where}; every number must be finite`);
    }
  }
  if (shape.length === 2 && channels.includes(1)) {
    return { height: first, width: second, channels: 1, values, isFloat };
  }
  if (shape.length === 3 && channels.includes(third)) {
    return { height: first, width: second, channels: third, values, isFloat };
  }
  if (shape.length === 3 && channels.includes(first)) {
    return { height: second, width: third, channels: first, values: channelsLast(values, first), isFloat };
  }
  const forms = channels.flatMap((count) => [
    `H × W × ${count}`,
    `${count} × H × W`,
    ...(count === 1 ? ['H × W'] : []),
  ]);
  throw new BrokenFile(
    'SHAPE',
    file,
    `has the shape ${shape.join(' × ') || 'of one number'}; expected ${forms.join(' or ')}`,
  );
}

function channelsLast(values: ArrayLike<number>, channels: number): Float64Array {
  const turned = new Float64Array(values.length);
  const pixels = values.length / channels;
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      turned[pixel * channels + channel] = values[channel * pixels + pixel] as number;
    }
  }
  return turned;
}

/** Interpolation may overshoot by so much. */
const overshoot = 0.05;

/**
 * Values 0 … 1 of a picture: floats are such already, whole numbers are 0 … 255.
 * @throws BrokenFile VALUE
 */
export function pictureValues({ values, isFloat }: Pixels, file: string): Float32Array {
  const [most, slack] = isFloat ? [1, overshoot] : [255, 0];
  const picture = new Float32Array(values.length);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value < -slack || value > most + slack) {
      const kind = isFloat ? 'floats of a picture must lie in 0 … 1' : 'whole numbers of a picture must lie in 0 … 255';
      throw new BrokenFile('VALUE', file, `has the value ${value}; ${kind}`, 'Divide by 255, or save it as uint8.');
    }
    picture[index] = Math.min(1, Math.max(0, value / most));
  }
  return picture;
}

/** The label that unsigned files use where signed ones have −1. */
const unsignedIgnore = 255;

/**
 * Class numbers, −1 = ignored: any negative number, and 255, are.
 * @throws BrokenFile VALUE
 */
export function labelValues({ values }: Pixels, classes: number, file: string): Int32Array {
  const labels = new Int32Array(values.length);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value < 0 || value === unsignedIgnore) labels[index] = -1;
    else if (Number.isInteger(value) && value < classes) labels[index] = value;
    else {
      const known = `the classes are 0 … ${classes - 1}, and −1 or 255 where a pixel is ignored`;
      throw new BrokenFile(
        'VALUE',
        file,
        `has the label ${value}; ${known}`,
        'Set data.classes to the number of classes.',
      );
    }
  }
  return labels;
}

/** Distances; what is not above 0 is invalid and becomes 0. */
export function depthValues({ values }: Pixels): Float32Array {
  return Float32Array.from(values, (value) => Math.max(0, value));
}

/** Unit vectors; those of length 0 are invalid and stay so. */
export function directionValues({ values }: Pixels): Float32Array {
  return directionOf(values);
}

/** @param values vectors of three components, one after the other */
export function directionOf(values: ArrayLike<number>): Float32Array {
  const directions = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += 3) {
    const length = Math.hypot(values[at] as number, values[at + 1] as number, values[at + 2] as number);
    if (length < 1e-6) continue;
    for (let axis = at; axis < at + 3; axis += 1) directions[axis] = (values[axis] as number) / length;
  }
  return directions;
}

/**
 * Vectors to the centroid of each pixel's instance, from instance numbers; 0 and below = none.
 * @throws BrokenFile VALUE
 */
export function instanceValues({ values, width }: Pixels, file: string): Float32Array {
  const instances = Float64Array.from(values, (value) => Math.max(0, value));
  const wrong = instances.find((value) => !Number.isInteger(value));
  if (wrong !== undefined)
    throw new BrokenFile('VALUE', file, `has the instance ${wrong}; instances are whole numbers`);
  return vectorsToCentroids(instances, width);
}
