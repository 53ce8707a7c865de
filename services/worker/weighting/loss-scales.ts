import * as tf from '@tensorflow/tfjs-core';
import type { ScaledLosses, WeightedTask, WeightingVariable } from './weighting.js';

/** The learned scales of IMTL's loss balance, for IMTL-L and the whole of IMTL. */
export interface LossScales {
  readonly variables: readonly WeightingVariable[];
  /** e^{sᵢ}·Lᵢ − sᵢ of each task, with the factors e^{sᵢ}. */
  readonly scale: (losses: readonly tf.Scalar[]) => ScaledLosses;
  /** Present factors. */
  read(): Promise<number[]>;
  readonly dispose: () => void;
}

/**
 * Loss balance of IMTL (Liu et al. 2021, section 3.2): each task has a trained scalar s, and its loss becomes
 * e^s·L − s. The minimum over s is where e^s·L = 1: all scaled losses come to the same size.
 */
export function lossScales(tasks: readonly WeightedTask[], learningRateMultiplier: number): LossScales {
  const scales = tasks.map(() => tf.tidy(() => tf.variable<tf.Rank.R0>(tf.scalar(0))));
  return {
    variables: scales.map((variable, index) => ({
      name: `lossScale/${tasks[index]?.name ?? ''}`,
      variable,
      learningRateMultiplier,
    })),
    scale: (losses) => {
      const factors = scales.map((s) => tf.exp<tf.Scalar>(s));
      return {
        losses: losses.map((loss, task) =>
          tf.sub<tf.Scalar>(tf.mul(factors[task] as tf.Scalar, loss), scales[task] as tf.Scalar),
        ),
        factors,
      };
    },
    read: async () => {
      const values = await Promise.all(scales.map((s) => s.data()));
      return values.map(([s]) => Math.exp(s ?? Number.NaN));
    },
    dispose: () => scales.forEach((s) => s.dispose()),
  };
}
