import * as tf from '@tensorflow/tfjs-core';
import { addBias } from '../operations/add-bias.js';
import type { GroupedParameter, ParameterSpec, StateSpec } from './model.js';
import type { Scope } from './scope.js';

/** What a part of a network is made of; names are within the part. */
export interface Part {
  readonly parameters: readonly ParameterSpec[];
  readonly state: readonly StateSpec[];
}

/** A part with one input and one output, which finds its values in the scope of whatever it is part of. */
export interface Layer<Values extends tf.Tensor = tf.Tensor4D> extends Part {
  apply(x: Values, scope: Scope): Values;
}

/** The values of several parts side by side. */
export function together(parts: readonly Part[]): Part {
  return { parameters: parts.flatMap((part) => part.parameters), state: parts.flatMap((part) => part.state) };
}

/** A part in its place: its values by their full names. */
export function placed(
  { parameters, state }: Part,
  path: string,
  group: string,
): { readonly parameters: GroupedParameter[]; readonly state: StateSpec[] } {
  const full = (name: string): string => `${path}/${name}`;
  return {
    parameters: parameters.map((one) => ({ ...one, name: full(one.name), group })),
    state: state.map((one) => ({ ...one, name: full(one.name) })),
  };
}

export interface ConvolutionSpec {
  readonly name: string;
  /** Side of the square filter, in pixels. */
  readonly size: number;
  readonly from: number;
  readonly to: number;
  readonly stride?: number;
  /** Factor on He's deviation; small for a layer whose output should start near 0. */
  readonly gain?: number;
}

/** Zero-padded convolution plus bias; He initialisation for ReLU (He et al. 2015, eq. 10). */
export function convolution({ name, size, from, to, stride = 1, gain = 1 }: ConvolutionSpec): Layer {
  const deviation = gain * Math.sqrt(2 / (size * size * from));
  return {
    parameters: [
      { name: `${name}/filter`, shape: [size, size, from, to], deviation },
      { name: `${name}/bias`, shape: [to], deviation: 0 },
    ],
    state: [],
    apply: (x, scope) => {
      const filter = scope.parameter(`${name}/filter`) as tf.Tensor4D;
      return addBias(tf.conv2d(x, filter, stride, 'same'), scope.parameter(`${name}/bias`) as tf.Tensor1D);
    },
  };
}

export interface DenseSpec {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** See `ConvolutionSpec`. */
  readonly gain?: number;
}

/** Every input to every output, plus bias, on [size, from]; initialised as a convolution is. */
export function dense({ name, from, to, gain = 1 }: DenseSpec): Layer<tf.Tensor2D> {
  return {
    parameters: [
      { name: `${name}/weights`, shape: [from, to], deviation: gain * Math.sqrt(2 / from) },
      { name: `${name}/bias`, shape: [to], deviation: 0 },
    ],
    state: [],
    apply: (x, scope) =>
      tf.add(tf.matMul(x, scope.parameter(`${name}/weights`) as tf.Tensor2D), scope.parameter(`${name}/bias`)),
  };
}

/**
 * Two channels with each pixel's place, −1 … 1 from left to right and from top to bottom (CoordConv, Liu et al. 2018):
 * convolutions see places no other way, and instance vectors and depth depend on them.
 */
export function coordinates(height: number, width: number): Float32Array {
  const values = new Float32Array(height * width * 2);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      values[2 * (y * width + x)] = (2 * (x + 0.5)) / width - 1;
      values[2 * (y * width + x) + 1] = (2 * (y + 0.5)) / height - 1;
    }
  }
  return values;
}
