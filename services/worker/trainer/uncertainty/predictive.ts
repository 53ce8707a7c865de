import type { Batch, Split } from '../../workloads/workload.js';
import { predict, type Prediction } from '../predict.js';
import { targetOf, type Trial, type TrialTask } from '../trial.js';
import { ClassPredictive } from './class-predictive.js';
import { dropoutOf } from './dropout.js';
import { logitNoiseOf } from './logit-noise.js';
import { familyOf } from './noise.js';
import { RegressionPredictive } from './regression-predictive.js';

/** What is predicted for a batch of one task, as a distribution where its kind has one. */
export type Predictive =
  | { readonly family: 'regression'; readonly of: RegressionPredictive }
  | { readonly family: 'classes'; readonly of: ClassPredictive }
  | { readonly family: 'none'; readonly sums: Float64Array; readonly passes: number };

export interface PredictiveOptions {
  readonly split: Exclude<Split, 'train'>;
  /** Place of the batch's first sample in its split. */
  readonly start: number;
  /** Of each task whose head predicts none, log b or log σ² that all its numbers share. */
  readonly noises: readonly number[];
  /** Awaited between passes, so that messages come through. */
  readonly pause?: () => Promise<void>;
}

/**
 * Predicts a batch as a distribution: by several passes that each leave out other features, where the trial does so (Gal
 * & Ghahramani 2016; Kendall & Gal 2017, section 3.1), and by one pass otherwise.
 * @returns in task order
 */
export async function predictive(trial: Trial, batch: Batch, options: PredictiveOptions): Promise<Predictive[]> {
  const { config, tasks } = trial;
  const passes = config.uncertainty?.dropout?.passes ?? 1;
  const found = tasks.map((task) => begin(trial, task, batch, passes));
  for (let pass = 0; pass < passes; pass += 1) {
    const dropout = dropoutOf(config, options.split, options.start, pass);
    const predictions = await predict(trial, batch.images, batch.size, { dropout });
    predictions.forEach((prediction, index) => {
      const predicted = found[index] as Predictive;
      if (predicted.family === 'classes') {
        const place = [options.split === 'test' ? 1 : 0, options.start, pass, index];
        predicted.of.add(prediction.values, logitNoiseOf(prediction, config, place));
      } else addTo(predicted, prediction, tasks[index] as TrialTask, options.noises[index] ?? 0);
    });
    await options.pause?.();
  }
  return found;
}

function begin({ workload, weighting }: Trial, task: TrialTask, { targets, size }: Batch, passes: number): Predictive {
  const { distribution } = task.implementation;
  if (distribution === undefined) {
    const places = task.output === 'map' ? workload.height * workload.width : 1;
    return { family: 'none', sums: new Float64Array(size * places * task.outputChannels), passes };
  }
  const target = targetOf(targets, task.name);
  if (distribution.family === 'classes') {
    return { family: 'classes', of: new ClassPredictive(distribution.labels(target)) };
  }
  const truths = distribution.truths(target, task, workload.width);
  return { family: 'regression', of: new RegressionPredictive(truths, familyOf(weighting.regressionError)) };
}

function addTo(
  found: Exclude<Predictive, { readonly family: 'classes' }>,
  { values, logScales }: Prediction,
  { outputChannels }: TrialTask,
  noise: number,
): void {
  if (found.family === 'regression') {
    // Channels of a place share its noise.
    found.of.add(values, (index) => logScales?.[Math.floor(index / outputChannels)] ?? noise);
  } else values.forEach((value, index) => (found.sums[index] = (found.sums[index] as number) + value));
}

/** A head's output that stands for the distribution: its mean, or logits of its probabilities. */
export function pointPrediction(prediction: Predictive): Float32Array {
  if (prediction.family === 'none') return Float32Array.from(prediction.sums, (sum) => sum / prediction.passes);
  return prediction.family === 'classes' ? prediction.of.logits() : prediction.of.mean();
}
