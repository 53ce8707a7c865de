import * as tf from '@tensorflow/tfjs-core';
import type { Scope } from '../scope.js';
import type { Part } from './layer.js';

export interface StitchSpec {
  readonly name: string;
  /** How many networks are stitched. */
  readonly networks: number;
  readonly channels: number;
  /** What each network takes of its own features at first. */
  readonly own: number;
  /** Whether each channel has a unit of its own. */
  readonly perChannel: boolean;
}

/** Takes in the features of several networks and hands each a mixture of all. */
export interface Stitch extends Part {
  apply(features: readonly tf.Tensor4D[], scope: Scope): tf.Tensor4D[];
}

/**
 * A cross-stitch unit (Misra et al. 2016, section 3): of the features x_j of all networks, network i goes on with Σ_j α_ij x_j,
 * α learned. Multiply-adds: one for each α and place of the features.
 */
export function stitch({ name, networks, channels, own, perChannel }: StitchSpec): Stitch {
  const width = perChannel ? channels : 1;
  const other = networks > 1 ? (1 - own) / (networks - 1) : 0;
  const pairs = Array.from({ length: networks * networks }, (_, pair) => {
    return Math.floor(pair / networks) === pair % networks ? (networks > 1 ? own : 1) : other;
  });
  return {
    // One axis: what has two is taken for a weight, and decay would pull a mixture to nothing.
    parameters: [
      {
        name,
        shape: [networks * networks * width],
        deviation: 0,
        values: pairs.flatMap((value) => new Array<number>(width).fill(value)),
      },
    ],
    state: [],
    apply: (features, scope) => {
      const shares = tf.unstack(tf.reshape(scope.parameter(name), [networks * networks, width]));
      const [first] = features as [tf.Tensor4D];
      scope.spend(networks * networks * (first.size / first.shape[0]));
      return features.map((_, to) =>
        tf.addN(features.map((x, from) => tf.mul<tf.Tensor4D>(x, shares[to * networks + from] as tf.Tensor))),
      );
    },
  };
}
