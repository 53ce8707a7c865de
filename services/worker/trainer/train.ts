import * as tf from '@tensorflow/tfjs-core';
import { confusionPrefix } from '../../shared/messages/confusion-cells.js';
import { trialMetrics, weightingMetrics, wholeTrial, type MetricPoint } from '../../shared/messages/reports.js';
import { cosineMetric } from '../../shared/messages/gradient-cosines.js';
import type { TrialConfig } from '../../shared/trial-config.js';
import { learningRateAt } from '../optimizers/schedule.js';
import type { FromTrainer } from '../trainer-protocol.js';
import { trivialBaseline, type TrivialBaseline } from '../workloads/task-kinds/trivial-baselines.js';
import type { OpenTask, OpenWorkload } from '../workloads/workload.js';
import { TrainingDiverged } from './errors.js';
import { evaluate, sampleLosses } from './evaluate.js';
import { Pace, StopRequested } from './pace.js';
import { drawPictures, pictureEpochs } from './pictures.js';
import { epochOrder } from './random.js';
import { trainStep } from './step.js';
import { openTrial, type TaskKinds, type Trial } from './trial.js';

export interface TrainingContext {
  readonly workload: OpenWorkload;
  readonly kinds: TaskKinds;
  /** Name of the open backend, for the log. */
  readonly backend: string;
  /** Takes progress, metrics, log lines and pictures as they come. */
  readonly say: (message: FromTrainer) => void;
  /** Aborted when training should stop after the running step. */
  readonly signal: AbortSignal;
  /** Aborted, with the error as its reason, when the device can compute no more. */
  readonly deviceFailure?: AbortSignal | undefined;
}

/**
 * Trains one trial from its first step to its test metrics. Apart from times, everything it says follows from the
 * configuration and the backend. Leaves no tensor behind, however it ends.
 * @returns `stopped` when the signal was aborted
 * @throws TrainingDiverged, DeviceFailure, and the errors of `openTrial`
 */
export async function train(config: TrialConfig, context: TrainingContext): Promise<'succeeded' | 'stopped'> {
  const trial = openTrial(config, context.workload, context.kinds);
  try {
    await run(trial, context);
    return 'succeeded';
  } catch (error) {
    if (error instanceof StopRequested) return 'stopped';
    throw error;
  } finally {
    trial.dispose();
  }
}

async function run(trial: Trial, { workload, backend, say, signal, deviceFailure }: TrainingContext): Promise<void> {
  const { config, model } = trial;
  const stepsPerEpoch = Math.ceil(workload.splits.train.length / config.batchSize);
  const pace = new Pace(config.epochs * stepsPerEpoch, say, signal, deviceFailure);
  const log = (text: string): void => say({ type: 'log', level: 'info', text });
  const metrics = (points: readonly MetricPoint[]): void => say({ type: 'metrics', points });

  log(
    `${model.usedParameters()} parameters on ${backend}; ${config.epochs} epochs of ${stepsPerEpoch} steps, ` +
      `${workload.height}×${workload.width} px, tasks ${config.tasks.join(', ')}`,
  );
  await pace.pause();
  metrics([...(await weightPoints(trial, 0)), ...(await evaluate(trial, 'validation', 0, pace.pause))]);

  const drawnEpochs = new Set(pictureEpochs(config.epochs));
  let trainSeconds = 0;
  for (let epoch = 1; epoch <= config.epochs; epoch += 1) {
    const begin = performance.now();
    const losses = await trainEpoch(trial, epoch, pace);
    trainSeconds += (performance.now() - begin) / 1000;
    trial.weighting.onEpoch?.({ epoch, losses });
    if (epoch < config.epochs) {
      const lines = await model.afterEpoch?.(epoch, (samples) => sampleLosses(trial, samples, pace.pause));
      lines?.forEach(log);
    }
    const points = [
      ...trial.tasks.map(({ name }, index) =>
        trainPoint(epoch, name, weightingMetrics.loss, losses[index] ?? Number.NaN),
      ),
      ...(await weightPoints(trial, epoch)),
      ...cosinePoints(trial, epoch),
      ...(await evaluate(trial, 'validation', epoch, pace.pause)),
    ];
    metrics(points);
    log(epochLine(epoch, points));
    if (epoch < config.epochs && drawnEpochs.has(epoch)) {
      for (const picture of await drawPictures(trial, epoch)) say(picture);
    }
  }

  const test = await evaluate(trial, 'test', config.epochs, pace.pause);
  metrics(test);
  for (const task of trial.tasks) log(testLine(task, test, trivialBaseline(workload.splits.test, task)));
  metrics([
    trainPoint(config.epochs, wholeTrial, trialMetrics.parameters, model.usedParameters()),
    trainPoint(config.epochs, wholeTrial, trialMetrics.multiplyAdds, model.multiplyAdds(workload)),
    trainPoint(config.epochs, wholeTrial, 'secondsPerStep', trainSeconds / (config.epochs * stepsPerEpoch)),
    trainPoint(config.epochs, wholeTrial, 'trainSeconds', trainSeconds),
  ]);
  for (const picture of await drawPictures(trial, config.epochs)) say(picture);
  // A device that failed under the last numbers makes them worth nothing.
  await pace.pause();
}

/**
 * One pass over the training samples; the last batch may be smaller.
 * @returns the mean loss of each task over the samples, read from the device once
 */
async function trainEpoch(trial: Trial, epoch: number, pace: Pace): Promise<readonly number[]> {
  const { config, workload } = trial;
  const { length } = workload.splits.train;
  const order = epochOrder(length, config.seed, epoch);
  const steps = config.epochs * Math.ceil(length / config.batchSize);
  const losses: tf.Tensor1D[] = [];
  try {
    for (let start = 0; start < length; start += config.batchSize) {
      const indices = order.subarray(start, start + config.batchSize);
      losses.push(await trainStep(trial, indices, learningRateAt(config.optimizer, pace.step, steps)));
      pace.step += 1;
      await pace.pause();
    }
    return meanLosses(await readRows(losses), trial, epoch);
  } finally {
    tf.dispose(losses);
  }
}

/** The rows of a device's vectors of one length, read back together. */
async function readRows(vectors: tf.Tensor1D[]): Promise<number[][]> {
  const stacked = tf.stack(vectors) as tf.Tensor2D;
  try {
    return await stacked.array();
  } finally {
    stacked.dispose();
  }
}

/**
 * Means over the samples from the means over the batches.
 * @param rows losses of each step, in task order
 * @throws TrainingDiverged that names the first task whose loss was not finite: soon after, all of them are not
 */
function meanLosses(rows: readonly (readonly number[])[], { config, workload, tasks }: Trial, epoch: number): number[] {
  const { length } = workload.splits.train;
  const sums = tasks.map(() => 0);
  rows.forEach((row, step) => {
    const size = Math.min(config.batchSize, length - step * config.batchSize);
    row.forEach((loss, index) => {
      if (!Number.isFinite(loss)) {
        throw new TrainingDiverged('the training loss', tasks[index]?.name ?? '', epoch, loss);
      }
      sums[index] = (sums[index] ?? 0) + loss * size;
    });
  });
  return sums.map((sum) => sum / length);
}

async function weightPoints({ weighting, tasks }: Trial, epoch: number): Promise<MetricPoint[]> {
  const weights = await weighting.describe();
  return weights.flatMap((described, index) => {
    const name = tasks[index]?.name ?? '';
    return Object.entries(described).map(([metric, value]: [string, number]) => {
      if (!Number.isFinite(value)) throw new TrainingDiverged(`the weighting's ${metric}`, name, epoch, value);
      return trainPoint(epoch, name, metric, value);
    });
  });
}

/** Of the epoch that has just ended. */
function cosinePoints({ cosines, tasks }: Trial, epoch: number): MetricPoint[] {
  return cosines
    .take()
    .map(({ first, second, cosine }) =>
      trainPoint(epoch, tasks[first]?.name ?? '', cosineMetric(tasks[second]?.name ?? ''), cosine),
    );
}

function trainPoint(epoch: number, task: string, metric: string, value: number): MetricPoint {
  return { epoch, split: 'train', task, metric, value };
}

/** The result of a task beside what it takes no network to reach, so that a result that is none is seen. */
function testLine(task: OpenTask, test: readonly MetricPoint[], trivial: TrivialBaseline): string {
  const results = test
    .filter((point) => point.task === task.name && !point.metric.startsWith(confusionPrefix))
    .map(({ metric, value }) => {
      const floor = trivial.metrics[metric];
      const beside = floor === undefined ? '' : ` (${Number(floor.toPrecision(4))})`;
      return `${metric} ${Number(value.toPrecision(4))}${beside}`;
    });
  return `test: ${task.name} ${results.join(', ')}; in brackets: ${trivial.prediction}`;
}

/** For example "epoch 3: semantic loss 0.412, weight 1.2, meanIoU 0.613; depth loss …". */
function epochLine(epoch: number, points: readonly MetricPoint[]): string {
  const tasks = [...new Set(points.map(({ task }) => task))];
  const ofTask = (task: string): string =>
    points
      .filter((point) => point.task === task && point.metric !== weightingMetrics.normalisedWeight)
      .map(({ metric, value }) => `${metric} ${Number(value.toPrecision(4))}`)
      .join(', ');
  return `epoch ${epoch}: ${tasks.map((task) => `${task} ${ofTask(task)}`).join('; ')}`;
}
