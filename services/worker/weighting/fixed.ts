import { SigmasweepError } from '../../shared/errors.js';
import { weightedSum } from './weighted-sum.js';
import type { LossWeighting, WeightingFactory } from './weighting.js';

/**
 * Constant weights, used as they are: L = Σ wᵢ Lᵢ (Kendall, Gal & Cipolla 2018, section 3).
 * @throws SigmasweepError WEIGHT_MISSING for a trained task without a positive weight
 */
export const fixed: WeightingFactory<{ readonly weights: Readonly<Record<string, number>> }, LossWeighting> = (
  options,
  tasks,
) =>
  weightedSum(
    tasks.map(({ name }) => {
      const weight = options.weights[name];
      if (weight === undefined || weight <= 0) {
        throw new SigmasweepError(
          'WEIGHT_MISSING',
          `Task ${name} is trained but its weight is ${weight ?? 'missing'}`,
          {
            hint: 'Give every trained task a weight above 0; leave a task of weight 0 out of the trained tasks.',
          },
        );
      }
      return weight;
    }),
  );
