import { weightedSum } from './weighted-sum.js';
import type { LossWeighting, WeightingFactory } from './weighting.js';

/** The unweighted mean of the losses: every task weighs 1/T (Kendall, Gal & Cipolla 2018, table 1, "unweighted sum"). */
export const equal: WeightingFactory<object, LossWeighting> = (_options, tasks) =>
  weightedSum(tasks.map(() => 1 / tasks.length));
