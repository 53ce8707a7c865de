import { setTimeout as delay } from 'node:timers/promises';
import { findTask, rehearsalOptions } from '../../shared/catalog/workloads.js';
import { cosineMetric, taskPairs } from '../../shared/messages/gradient-cosines.js';
import { weightingMetrics, wholeTrial, type MetricPoint } from '../../shared/messages/reports.js';
import type { TrialConfig } from '../../shared/trial-config.js';
import type { FromTrainer } from '../trainer-protocol.js';
import { Pace, StopRequested } from './pace.js';

/** Epochs after which a made-up curve has come 63 % of its way. */
const epochsToLearn = 4;

/**
 * Goes through the motions of a trial without training: progress, metrics of each epoch, test metrics. Everything it says
 * follows from the configuration, so that a repeated rehearsal says the same.
 * @returns `stopped` when the signal was aborted
 * @throws ZodError for data options that are not those of the catalog
 */
export async function rehearse(
  config: TrialConfig,
  say: (message: FromTrainer) => void,
  signal: AbortSignal,
): Promise<'succeeded' | 'stopped'> {
  const { secondsPerEpoch, extraPoints } = rehearsalOptions.parse(config.data);
  const pace = new Pace(config.epochs, say, signal);
  const metrics = (points: MetricPoint[]): void => say({ type: 'metrics', points });
  try {
    await pace.pause();
    for (let epoch = 1; epoch <= config.epochs; epoch += 1) {
      if (secondsPerEpoch > 0) await waitAlive(secondsPerEpoch, pace, signal);
      pace.step = epoch;
      metrics([...epochPoints(config, epoch), ...furtherPoints(epoch, extraPoints)]);
      await pace.pause();
    }
    metrics(config.tasks.flatMap((task) => taskPoints(config, task, 'test', config.epochs)));
    return 'succeeded';
  } catch (error) {
    if (error instanceof StopRequested || signal.aborted) return 'stopped';
    throw error;
  }
}

/** Waits, and shows a sign of life every second. */
async function waitAlive(seconds: number, pace: Pace, signal: AbortSignal): Promise<void> {
  const end = performance.now() + seconds * 1000;
  for (let left = seconds * 1000; left > 0; left = end - performance.now()) {
    await delay(Math.min(left, 1000), undefined, { signal });
    await pace.pause();
  }
}

function epochPoints(config: TrialConfig, epoch: number): MetricPoint[] {
  return [
    ...config.tasks.flatMap((task): MetricPoint[] => [
      { epoch, split: 'train', task, metric: weightingMetrics.loss, value: 1 - share(config, task, epoch) },
      ...taskPoints(config, task, 'validation', epoch),
    ]),
    ...(config.weighting.method === 'fixed' ? [] : learnedPoints(config, epoch)),
  ];
}

/** Weights on a made-up way from even ones, later tasks up, and tasks that come to agree. */
function learnedPoints({ tasks, seed }: TrialConfig, epoch: number): MetricPoint[] {
  const done = 1 - Math.exp(-epoch / epochsToLearn);
  const weights = tasks.map((_, place) => Math.exp(done * (place - 0.05 * seed * (place % 2))));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const point = (task: string, metric: string, value: number): MetricPoint => {
    return { epoch, split: 'train', task, metric, value };
  };
  return [
    ...tasks.flatMap((task, place) => [
      point(task, weightingMetrics.weight, weights[place] ?? 0),
      point(task, weightingMetrics.normalisedWeight, (weights[place] ?? 0) / sum),
    ]),
    ...taskPairs(tasks).map(([task, other], place) =>
      point(task, cosineMetric(other), 0.6 * done - 0.3 - 0.05 * place),
    ),
  ];
}

function taskPoints(config: TrialConfig, task: string, split: 'validation' | 'test', epoch: number): MetricPoint[] {
  const infos = findTask({ workload: 'rehearsal' }, task)?.metrics ?? [];
  const done = share(config, task, epoch);
  return infos.map(({ name, better }) => {
    return { epoch, split, task, metric: name, value: better === 'higher' ? 0.9 * done : 2 - 1.8 * done };
  });
}

function furtherPoints(epoch: number, count: number): MetricPoint[] {
  return Array.from({ length: count }, (_, index) => ({
    epoch,
    split: 'train',
    task: wholeTrial,
    metric: `made-up-${String(index)}`,
    value: index / count,
  }));
}

/** How far a made-up curve has come, 0 … 1: further with more weight and more epochs, a little different for each seed. */
function share({ tasks, weighting, seed }: TrialConfig, task: string, epoch: number): number {
  const total = tasks.reduce((sum, name) => sum + weightOf(weighting, name), 0);
  const weight = total > 0 ? weightOf(weighting, task) / total : 1 / tasks.length;
  const wobble = 0.02 * Math.sin(seed * 12.9898 + tasks.indexOf(task) * 78.233);
  return Math.min(1, (0.6 + 0.4 * Math.sqrt(weight) + wobble) * (1 - Math.exp(-epoch / epochsToLearn)));
}

function weightOf(weighting: TrialConfig['weighting'], task: string): number {
  return weighting.method === 'fixed' ? (weighting.weights[task] ?? 0) : 1;
}
