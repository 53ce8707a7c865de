import { tasksOf, type KnownTask } from '../../../shared/catalog/workloads.js';
import { commandOptions } from '../../../shared/catalog/command-options.js';
import type { TrialConfig } from '../../../shared/trial-config.js';

/** The tasks that a trial trains, with their metrics. */
export function trainedTasks(config: TrialConfig): KnownTask[] {
  return tasksOf(config).filter(({ name }) => config.tasks.includes(name));
}

/** What a program finds in its configuration file. Documented in docs/command-trainers.md. */
export function programConfig(
  config: TrialConfig,
  trial: { readonly trialId: string; readonly attempt: number; readonly label: string; readonly checkpoints: string },
): object {
  const { tasks, weighting, optimizer, epochs, batchSize, seed } = config;
  return {
    version: 1,
    trial: trial.trialId,
    attempt: trial.attempt,
    label: trial.label,
    tasks,
    metrics: Object.fromEntries(
      trainedTasks(config).map(({ name, metrics }) => [name, metrics.map((one) => one.name)]),
    ),
    weighting,
    /** Constant weights, where the weighting has them. */
    weights: constantWeights(config),
    epochs,
    batchSize,
    seed,
    optimizer,
    options: commandOptions.parse(config.data).options,
    checkpoints: trial.checkpoints,
  };
}

function constantWeights({ weighting, tasks }: TrialConfig): Readonly<Record<string, number>> | null {
  if (weighting.method === 'fixed') return weighting.weights;
  if (weighting.method !== 'equal') return null;
  return Object.fromEntries(tasks.map((task) => [task, 1 / tasks.length]));
}
