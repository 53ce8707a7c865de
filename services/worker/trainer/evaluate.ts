import * as tf from '@tensorflow/tfjs-core';
import type { MetricPoint } from '../../shared/messages/reports.js';
import { confusionMetric } from '../../shared/messages/confusion-cells.js';
import type { MetricAccumulator, Split } from '../workloads/workload.js';
import { TrainingDiverged } from './errors.js';
import { lossesOf, openBatch } from './step-batch.js';
import { imageTensor, targetOf, type Trial, type TrialTask } from './trial.js';

/**
 * Raw head outputs of some samples, one array per task in task order; each sample after sample, channels last.
 * @param calls how often so many samples are looked at in all
 */
export async function predict(
  { model, recordings, workload }: Trial,
  images: Float32Array,
  size: number,
  calls = 1,
): Promise<Float32Array[]> {
  const outputs = tf.tidy(() => {
    const input = imageTensor(images, size, workload);
    // Between epochs such a network changes what it computes.
    if (model.afterEpoch !== undefined) return model.forward(input, 'evaluation');
    return recordings.predictions.run([input], calls, () => model.forward(input, 'evaluation'));
  });
  const values = await Promise.all(outputs.map((output) => output.data<'float32'>()));
  outputs.forEach((output) => output.dispose());
  return values;
}

/**
 * The trained tasks' metrics on a whole split, exact over the set.
 * @param pause awaited between batches, so that messages come through
 * @throws TrainingDiverged when a metric is not finite
 */
export async function evaluate(
  trial: Trial,
  split: Split,
  epoch: number,
  pause: () => Promise<void>,
): Promise<MetricPoint[]> {
  const { workload, tasks, config } = trial;
  const dataset = workload.splits[split];
  const names = tasks.map(({ name }) => name);
  const accumulators = tasks.map((task) => task.implementation.accumulator(task, workload.height, workload.width));
  for (let start = 0; start < dataset.length; start += config.batchSize) {
    const size = Math.min(config.batchSize, dataset.length - start);
    const batch = dataset.batch(
      Array.from({ length: size }, (_, index) => start + index),
      names,
    );
    const predictions = await predict(trial, batch.images, size, evaluationsOf(trial, size));
    predictions.forEach((values, index) => {
      accumulators[index]?.update(values, targetOf(batch.targets, names[index] ?? ''), size);
    });
    await pause();
  }
  const points = accumulators.flatMap((accumulator, index) => {
    const { name: task } = tasks[index] as TrialTask;
    return Object.entries(accumulator.result()).map(([metric, value]) => {
      if (!Number.isFinite(value)) throw new TrainingDiverged(`the ${split} metric ${metric}`, task, epoch, value);
      return { epoch, split, task, metric, value };
    });
  });
  // Each epoch's would be many numbers that nobody looks at.
  if (split !== 'test') return points;
  return points.concat(
    accumulators.flatMap((accumulator, index) => confusionPoints(accumulator, tasks[index] as TrialTask, epoch)),
  );
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
    tf.dispose([batch.images, batch.targets, losses]);
    await pause();
  }
  return trial.tasks.map((_, task) => rows.map((row) => row[task] ?? Number.NaN));
}
