import * as tf from '@tensorflow/tfjs-core';
import { batchNormalise, normaliseBy, type BatchStatistics } from '../../operations/batch-norm.js';
import type { Layer } from './layer.js';

/**
 * Batch normalisation (Ioffe & Szegedy 2015). Training normalises by the batch's statistics and moves the running ones
 * towards them, the variance with Bessel's correction as cuDNN does; evaluation normalises by the running ones.
 * @param momentum share of the running statistics that a training step keeps
 */
export function batchNorm(name: string, channels: number, momentum: number): Layer {
  const shape = [channels];
  return {
    parameters: [
      { name: `${name}/scale`, shape, deviation: 0, mean: 1 },
      { name: `${name}/shift`, shape, deviation: 0 },
    ],
    state: [
      { name: `${name}/mean`, shape, value: 0 },
      { name: `${name}/variance`, shape, value: 1 },
    ],
    apply: (x, scope) => {
      const scale = scope.parameter(`${name}/scale`) as tf.Tensor1D;
      const shift = scope.parameter(`${name}/shift`) as tf.Tensor1D;
      const running: BatchStatistics = {
        mean: scope.state(`${name}/mean`) as tf.Tensor1D,
        variance: scope.state(`${name}/variance`) as tf.Tensor1D,
      };
      if (scope.mode === 'evaluation') return normaliseBy(x, scale, shift, running);
      const count = x.size / channels;
      return batchNormalise(x, scale, shift, ({ mean, variance }) => {
        const towards = (from: tf.Tensor, to: tf.Tensor): tf.Tensor =>
          tf.add(tf.mul(from, momentum), tf.mul(to, 1 - momentum));
        scope.remember(`${name}/mean`, () => towards(running.mean, mean));
        scope.remember(`${name}/variance`, () =>
          towards(running.variance, tf.mul(variance, count / Math.max(1, count - 1))),
        );
      });
    },
  };
}
