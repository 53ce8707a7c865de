import * as tf from '@tensorflow/tfjs-core';
import { noState } from '../trainer/part-state.js';
import { lossScales } from './loss-scales.js';
import type { OptionsOf } from './options.js';
import { normalise, type LossWeighting, type WeightingFactory } from './weighting.js';

/**
 * IMTL-L (Liu et al. 2021, section 3.2): Σ e^{sᵢ}·Lᵢ − sᵢ with trained s (see loss-scales.ts). For a fixed loss the
 * minimum is at s = −log L, where the scaled loss is 1.
 */
export const imtlL: WeightingFactory<OptionsOf<'imtl-l'>, LossWeighting> = ({ learningRateMultiplier }, tasks) => {
  const scales = lossScales(tasks, learningRateMultiplier);
  return {
    needs: 'losses',
    repeats: true,
    variables: scales.variables,
    state: noState,
    regressionError: 'absolute',
    combine: (losses) => tf.addN([...scales.scale(losses).losses]),
    describe: async () => {
      const weights = await scales.read();
      const normalised = normalise(weights);
      return weights.map((weight, task) => ({ weight, normalisedWeight: normalised[task] ?? 0 }));
    },
    dispose: scales.dispose,
  };
};
