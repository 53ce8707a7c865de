import * as tf from '@tensorflow/tfjs-core';
import { noState } from '../trainer/part-state.js';
import type { OptionsOf } from './options.js';
import { normalise, type LossWeighting, type WeightedTask, type WeightingFactory } from './weighting.js';

type UncertaintyOptions = OptionsOf<'uncertainty'>;

/** The coefficients of one task's term: `loss`·e^{−s}·L + `log`·R(s). */
interface Term {
  readonly loss: number;
  readonly log: number;
  /** Whether the variance divides the logits instead of the loss. */
  readonly scalesLogits: boolean;
  /** Whether there is a variance to be learned. */
  readonly isLearned: boolean;
}

/** The negative log likelihoods, constants left out, with s the log of the variance (of the scale b for Laplace). */
function termOf(task: WeightedTask, options: UncertaintyOptions): Term {
  // A variance of the whole task would only repeat a shift of those that its head predicts.
  if (task.likelihood === 'own') return { loss: 1, log: 0, scalesLogits: false, isLearned: false };
  if (task.likelihood === 'classification') {
    // Exact: −log softmax(f/σ²) holds its own normaliser, so nothing is left to add.
    return options.classification === 'exact'
      ? { loss: 1, log: 0, scalesLogits: true, isLearned: true }
      : { loss: 1, log: 0.5, scalesLogits: false, isLearned: true };
  }
  // Gaussian: e²/2σ² + ½ log σ². Laplace: |e|/b + log b.
  return options.regression === 'squared'
    ? { loss: 0.5, log: 0.5, scalesLogits: false, isLearned: true }
    : { loss: 1, log: 1, scalesLogits: false, isLearned: true };
}

/**
 * Learned homoscedastic task uncertainty (Kendall, Gal & Cipolla 2018). Each task has one trained scalar s = log σ²,
 * which needs no constraint and no division. Its term in the objective is
 *
 * | task | option | term | paper |
 * | --- | --- | --- | --- |
 * | regression | `squared` | ½·e^{−s}·L + ½·R(s), L the squared error | section 3.2, regression |
 * | regression | `absolute` | e^{−s}·L + R(s), L the absolute error, s = log b of a Laplace likelihood | the same with L1 |
 * | classification | `approximate` | e^{−s}·L + ½·R(s), L the cross-entropy | eq. 10 |
 * | classification | `exact` | cross-entropy of the logits divided by σ² | section 3.2, classification |
 *
 * where R(s) = s (`log`), or log(1 + e^s) (`log1p`), which keeps the objective from becoming negative
 * (Liebel & Körner 2018). For fixed losses the minimum under `log` is at s = log L (both regression forms) and at
 * s = log 2L (approximate classification). Liebel & Körner have ½·e^{−s}·L + log(1 + e^s) for every task. Here their logarithm
 * takes the place of log σ² in each likelihood, which is their term for 2L (regression) or 4L (classification), or half of it:
 * only the size of the losses, to which e^s adapts, is another.
 *
 * The exact form has no factor in front of the loss; e^{−s} is reported as its weight, because the gradient with
 * respect to the logits f is e^{−s}·(softmax(f·e^{−s}) − y). Under `exact` the regulariser does not apply to
 * classification tasks.
 *
 * A task whose head predicts its noise is a likelihood already: its loss is added as it is, with weight 1 and without
 * an s.
 */
export const uncertainty: WeightingFactory<UncertaintyOptions, LossWeighting> = (options, tasks) => {
  const terms = tasks.map((task) => termOf(task, options));
  const logVariances = tasks.map(() => tf.tidy(() => tf.variable<tf.Rank.R0>(tf.scalar(options.initialLogVariance))));
  const regulariser = (s: tf.Scalar): tf.Scalar => (options.regulariser === 'log' ? s : tf.softplus(s));

  return {
    needs: 'losses',
    repeats: true,
    variables: tasks.flatMap(({ name }, task) =>
      at(terms, task).isLearned
        ? [
            {
              name: `logVariance/${name}`,
              variable: at(logVariances, task),
              learningRateMultiplier: options.learningRateMultiplier,
            },
          ]
        : [],
    ),
    state: noState,
    regressionError: options.regression,
    scalePredictions: (task, predictions) =>
      at(terms, task).scalesLogits
        ? tf.mul<typeof predictions>(predictions, precision(at(logVariances, task)))
        : predictions,
    combine: (losses) =>
      tf.addN(
        losses.flatMap((loss, task) => {
          const s = at(logVariances, task);
          const { loss: lossFactor, log: logFactor, scalesLogits, isLearned } = at(terms, task);
          if (scalesLogits || !isLearned) return [loss];
          return [
            tf.mul<tf.Scalar>(tf.mul(precision(s), lossFactor), loss),
            tf.mul<tf.Scalar>(regulariser(s), logFactor),
          ];
        }),
      ),
    describe: async () => {
      const values = await Promise.all(logVariances.map(async (variable) => (await variable.data())[0] ?? Number.NaN));
      const isLearned = (task: number): boolean => at(terms, task).isLearned;
      const weights = values.map((s, task) => at(terms, task).loss * (isLearned(task) ? Math.exp(-s) : 1));
      const normalised = normalise(weights);
      return values.map((s, task) => ({
        weight: at(weights, task),
        normalisedWeight: at(normalised, task),
        ...(isLearned(task) ? { logVariance: s, variance: Math.exp(s) } : {}),
      }));
    },
    dispose: () => logVariances.forEach((variable) => variable.dispose()),
  };
};

function precision(s: tf.Scalar): tf.Scalar {
  return tf.exp(tf.neg(s));
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`task ${index} of ${items.length}`);
  return item;
}
