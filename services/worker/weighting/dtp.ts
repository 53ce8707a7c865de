import * as tf from '@tensorflow/tfjs-core';
import { movingSum } from './moving-sum.js';
import type { OptionsOf } from './options.js';
import type { LossWeighting, WeightingFactory } from './weighting.js';

/** A KPI of 0 or 1 would make a weight infinite, or the task weigh nothing for good. */
const [leastKpi, mostKpi] = [1e-3, 1 - 1e-3];

/**
 * Dynamic task prioritisation (Guo et al. 2018): each task has a KPI κ in (0, 1) that says how good it is, with a
 * running mean κ̄ ← α·κ + (1 − α)·κ̄, and weighs by the focal term of its KPI,
 *
 *     wᵢ = −(1 − κ̄ᵢ)^γ · log κ̄ᵢ,
 *
 * so that difficult tasks come first. The paper leaves the KPI to the user. What every step gives for nothing is the
 * likelihood of the truth, so that is what it is here: for classification e^{−L}, the geometric mean of the
 * probabilities given to the true classes; for regression e^{−L/L₀} with the first step's loss L₀, the likelihood
 * beside its peak under a Laplace distribution that is as wide as the errors were at the start. The first step's KPI
 * is the first running mean.
 */
export const dtp: WeightingFactory<OptionsOf<'dtp'>, LossWeighting> = ({ focus, discount }, tasks) => {
  const zeros = (): tf.Variable<tf.Rank.R1> => tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([tasks.length]), false));
  const mean = zeros();
  const unit = zeros();
  const isRegression = tasks.map(({ likelihood }) => (likelihood === 'regression' ? 1 : 0));

  const kpi = (losses: tf.Tensor1D): tf.Tensor1D => tf.exp(tf.neg(tf.div(losses, unit)));
  return movingSum(tasks, {
    weigh: (losses, step) => {
      if (step === 0) {
        // Classification losses are log-likelihoods as they are: their unit is 1.
        const regression = tf.tensor1d(isRegression);
        const first = tf.maximum(losses, 1e-8);
        unit.assign(tf.add<tf.Tensor1D>(tf.mul(regression, first), tf.sub(1, regression)));
        mean.assign(kpi(losses));
      } else {
        mean.assign(tf.add(mean, tf.mul(tf.sub(kpi(losses), mean), discount)));
      }
      const bounded = tf.clipByValue(mean, leastKpi, mostKpi);
      return tf.neg(tf.mul(tf.pow(tf.sub(1, bounded), focus), tf.log(bounded)));
    },
    state: { variables: { mean, unit } },
    dispose: () => {
      mean.dispose();
      unit.dispose();
    },
  });
};
