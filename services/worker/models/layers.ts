import * as tf from '@tensorflow/tfjs-core';
import { addBias } from '../operations/add-bias.js';
import type { ParameterLookup, ParameterSpec } from './model.js';

export interface ConvolutionSpec {
  readonly name: string;
  readonly group: string;
  /** Side of the square filter, in pixels. */
  readonly size: number;
  readonly from: number;
  readonly to: number;
  /** Factor on He's deviation; small for a layer whose output should start near 0. */
  readonly gain?: number;
}

/** Filter and bias of a convolution; He initialisation for ReLU (He et al. 2015, eq. 10). */
export function convolutionParameters({ name, group, size, from, to, gain = 1 }: ConvolutionSpec): ParameterSpec[] {
  const deviation = gain * Math.sqrt(2 / (size * size * from));
  return [
    { name: `${name}/filter`, group, shape: [size, size, from, to], deviation },
    { name: `${name}/bias`, group, shape: [to], deviation: 0 },
  ];
}

/** Zero-padded convolution plus bias. */
export function convolve(x: tf.Tensor4D, name: string, parameter: ParameterLookup, stride = 1): tf.Tensor4D {
  const filter = parameter(`${name}/filter`) as tf.Tensor4D;
  return addBias(tf.conv2d(x, filter, stride, 'same'), parameter(`${name}/bias`) as tf.Tensor1D);
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
