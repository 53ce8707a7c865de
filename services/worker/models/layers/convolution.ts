import * as tf from '@tensorflow/tfjs-core';
import { convolveWithBias } from '../../operations/convolve.js';
import type { Layer } from './layer.js';

export interface ConvolutionSpec {
  readonly name: string;
  /** Side of the square filter, in pixels. */
  readonly size: number;
  readonly from: number;
  readonly to: number;
  readonly stride?: number;
  /** Factor on He's deviation; small for a layer whose output should start near 0. */
  readonly gain?: number;
  /** Left out before a normalisation, which would take it away again. */
  readonly bias?: boolean;
}

/**
 * Zero-padded convolution, plus bias; He initialisation for ReLU (He et al. 2015, section 2.2).
 *
 * Multiply-adds: one for each weight and place of the output.
 */
export function convolution({ name, size, from, to, stride = 1, gain = 1, bias = true }: ConvolutionSpec): Layer {
  const deviation = gain * Math.sqrt(2 / (size * size * from));
  return {
    parameters: [
      { name: `${name}/filter`, shape: [size, size, from, to], deviation },
      ...(bias ? [{ name: `${name}/bias`, shape: [to], deviation: 0 }] : []),
    ],
    state: [],
    apply: (x, scope) => {
      const filter = scope.parameter(`${name}/filter`) as tf.Tensor4D;
      const y = bias
        ? convolveWithBias(x, filter, scope.parameter(`${name}/bias`) as tf.Tensor1D, stride)
        : tf.conv2d(x, filter, stride, 'same');
      scope.spend(size * size * from * to * y.shape[1] * y.shape[2]);
      return y;
    },
  };
}

export interface DepthwiseSpec {
  readonly name: string;
  /** Side of the square filter, in pixels. */
  readonly size: number;
  readonly channels: number;
  readonly stride?: number;
}

/** A filter of its own for each channel, zero-padded, without bias. */
export function depthwiseConvolution({ name, size, channels, stride = 1 }: DepthwiseSpec): Layer {
  const deviation = Math.sqrt(2 / (size * size));
  return {
    parameters: [{ name: `${name}/filter`, shape: [size, size, channels, 1], deviation }],
    state: [],
    apply: (x, scope) => {
      const y = tf.depthwiseConv2d(x, scope.parameter(`${name}/filter`) as tf.Tensor4D, stride, 'same');
      scope.spend(size * size * channels * y.shape[1] * y.shape[2]);
      return y;
    },
  };
}
