import * as tf from '@tensorflow/tfjs-core';
import type { MetricPoint } from '../../shared/messages/reports.js';
import { confusionMetric } from '../../shared/messages/confusion-cells.js';
import type { Batch, MetricAccumulator, Split } from '../workloads/workload.js';
import { TrainingDiverged } from './errors.js';
import { predict } from './predict.js';
import { closeBatch, lossesOf, openBatch } from './step-batch.js';
import { targetOf, type Trial, type TrialTask } from './trial.js';
import { pointPrediction, predictive } from './uncertainty/predictive.js';
import { ClassScores, RegressionScores, type Scores } from './uncertainty/scores.js';

/**
 * The trained tasks' metrics on a whole split, exact over the set.
 * @param pause awaited between batches, so that messages come through
 * @throws TrainingDiverged when a metric is not finite
 */
export async function evaluate(
  trial: Trial,
  split: 'train' | 'validation',
  epoch: number,
  pause: () => Promise<void>,
): Promise<MetricPoint[]> {
  const accumulators = await accumulate(trial, split, pause, (batch) => predictValues(trial, batch));
  return accumulators.flatMap((accumulator, index) => {
    return pointsOf(accumulator.result(), trial.tasks[index] as TrialTask, split, epoch);
  });
}

/**
 * The trained tasks' metrics on the test split, with their confusion matrices, and with what the predictions say of their
 * doubt where the trial is to tell it.
 * @param noises see `predictive`
 * @param pause see `evaluate`
 * @throws TrainingDiverged when a metric is not finite
 */
export async function evaluateTest(
  trial: Trial,
  epoch: number,
  noises: readonly number[],
  pause: () => Promise<void>,
): Promise<MetricPoint[]> {
  const { tasks, config } = trial;
  const scores = config.uncertainty === undefined ? undefined : tasks.map((task) => scoresOf(task, trial));
  const accumulators = await accumulate(trial, 'test', pause, async (batch, start) => {
    if (scores === undefined) return predictValues(trial, batch);
    const predictions = await predictive(trial, batch, { split: 'test', start, noises, pause });
    predictions.forEach((prediction, index) => {
      const { regression, classes } = scores[index] as TaskScores;
      if (prediction.family === 'regression') regression.add(prediction.of);
      if (prediction.family === 'classes') classes.add(prediction.of);
    });
    return predictions.map(pointPrediction);
  });
  return accumulators.flatMap((accumulator, index) => {
    const task = tasks[index] as TrialTask;
    const { regression, classes } = scores?.[index] ?? {};
    return [
      ...pointsOf({ ...accumulator.result(), ...regression?.result(), ...classes?.result() }, task, 'test', epoch),
      ...confusionPoints(accumulator, task, epoch),
    ];
  });
}

async function predictValues(trial: Trial, { images, size }: Batch): Promise<Float32Array[]> {
  const predictions = await predict(trial, images, size, { calls: evaluationsOf(trial, size) });
  return predictions.map(({ values }) => values);
}

interface TaskScores {
  readonly regression: RegressionScores;
  readonly classes: ClassScores;
}

/** Only what fits the task's predictions is filled. */
function scoresOf(task: TrialTask, { workload, config }: Trial): TaskScores {
  const { distribution } = task.implementation;
  const unit = distribution?.family === 'regression' ? distribution.unitOf(task, workload.width) : 1;
  const isEpistemic = config.uncertainty?.dropout !== undefined;
  return {
    regression: new RegressionScores(unit, isEpistemic),
    classes: new ClassScores(isEpistemic, task.noiseChannels > 0),
  };
}

/** One accumulator per task, full. */
async function accumulate(
  { workload, tasks, config }: Trial,
  split: Split,
  pause: () => Promise<void>,
  predictBatch: (batch: Batch, start: number) => Promise<readonly Float32Array[]>,
): Promise<MetricAccumulator[]> {
  const dataset = workload.splits[split];
  const names = tasks.map(({ name }) => name);
  const accumulators = tasks.map((task) => task.implementation.accumulator(task, workload.height, workload.width));
  for (let start = 0; start < dataset.length; start += config.batchSize) {
    const size = Math.min(config.batchSize, dataset.length - start);
    const batch = dataset.batch(
      Array.from({ length: size }, (_, index) => start + index),
      names,
    );
    const predictions = await predictBatch(batch, start);
    predictions.forEach((values, index) => {
      accumulators[index]?.update(values, targetOf(batch.targets, names[index] ?? ''), size);
    });
    await pause();
  }
  return accumulators;
}

function pointsOf(values: Scores, { name: task }: TrialTask, split: Split, epoch: number): MetricPoint[] {
  return Object.entries(values).map(([metric, value]) => {
    if (!Number.isFinite(value)) throw new TrainingDiverged(`the ${split} metric ${metric}`, task, epoch, value);
    return { epoch, split, task, metric, value };
  });
}

/** How many batches of this size are evaluated while it trains. */
function evaluationsOf({ config, workload }: Trial, size: number): number {
  const { length } = workload.splits.validation;
  return (config.epochs + 1) * (size === config.batchSize ? Math.floor(length / size) : 1);
}

/** A matrix of more classes is neither read by a person nor worth its rows in the database. */
const mostConfusedClasses = 64;

/** The cells of the confusion matrix that are not empty, and its diagonal. */
function confusionPoints(accumulator: MetricAccumulator, task: TrialTask, epoch: number): MetricPoint[] {
  const counts = accumulator.confusion?.() ?? new Float64Array();
  if (counts.length > mostConfusedClasses ** 2) return [];
  const classes = Math.sqrt(counts.length);
  return Array.from(counts, (value, cell) => {
    const [truth, predicted] = [Math.floor(cell / classes), cell % classes];
    return { truth, predicted, value };
  })
    .filter(({ truth, predicted, value }) => value > 0 || truth === predicted)
    .map(({ value, ...cell }) => ({
      epoch,
      split: 'test',
      task: task.name,
      metric: confusionMetric(cell, task.channelNames),
      value,
    }));
}

/**
 * Losses of single training samples, spread evenly over the split, by task and then by sample.
 * @param count how many at most
 * @param pause awaited between samples, so that messages come through
 */
export async function sampleLosses(trial: Trial, count: number, pause: () => Promise<void>): Promise<number[][]> {
  const { length } = trial.workload.splits.train;
  const size = Math.min(count, length);
  const rows: number[][] = [];
  for (let sample = 0; sample < size; sample += 1) {
    const batch = openBatch(trial, [Math.floor((sample * length) / size)]);
    const losses = tf.tidy(() =>
      tf.stack(lossesOf(trial, batch, trial.model.forward(batch.images, 'evaluation')).map(({ shown }) => shown)),
    );
    rows.push(Array.from(await losses.data()));
    closeBatch(batch);
    losses.dispose();
    await pause();
  }
  return trial.tasks.map((_, task) => rows.map((row) => row[task] ?? Number.NaN));
}
