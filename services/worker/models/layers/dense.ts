import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';

export interface DenseSpec {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Factor on He’s deviation; small for a layer whose output should start near 0. */
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
    apply: (x, scope) => {
      scope.spend(from * to);
      return tf.add(tf.matMul(x, scope.parameter(`${name}/weights`) as tf.Tensor2D), scope.parameter(`${name}/bias`));
    },
  };
}
