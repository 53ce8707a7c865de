import * as tf from '@tensorflow/tfjs-core';
import { noState } from '../trainer/part-state.js';
import { normalise, type LossWeighting } from './weighting.js';

/**
 * The weighting L = Σ wᵢ Lᵢ with weights that stay as they are (Kendall, Gal & Cipolla 2018, section 3).
 * @param weights one per task, in task order
 */
export function weightedSum(weights: readonly number[]): LossWeighting {
  const normalised = normalise(weights);
  const described = weights.map((weight, task) => ({ weight, normalisedWeight: normalised[task] ?? 0 }));
  return {
    needs: 'losses',
    repeats: true,
    variables: [],
    state: noState,
    regressionError: 'absolute',
    combine: (losses) => tf.addN(losses.map((loss, task) => tf.mul<tf.Scalar>(loss, weights[task] ?? 0))),
    describe: () => Promise.resolve(described),
    dispose: () => undefined,
  };
}
