import type { MetricInfo } from '../catalog/workloads.js';
import type { SweepState } from '../trial-state.js';
import { deltaM, type BaselineTask, type DeltaM } from './delta-m.js';
import { taskLabel, taskMetrics } from './metric-names.js';
import { deltaDecimals } from './number-forms.js';
import { oneLine } from './plain-text.js';
import type { Setting, SweepResults, TrialResult } from './results.js';
import { saysMore, weightsName } from './setting-name.js';
import { spread, type Spread } from './statistics.js';

export interface ComparedTask {
  readonly name: string;
  readonly label: string;
}

export interface MetricColumn {
  readonly task: string;
  readonly metric: MetricInfo;
  /** Whether it is the task's first metric, which Δm and the printed tables use. */
  readonly primary: boolean;
}

export interface MetricCell {
  /** Unscaled, over the seeds that have finished; undefined while there is none. */
  readonly spread: Spread | undefined;
  readonly best: boolean;
}

/** What a setting says about one task's weight. */
export interface WeightCell {
  readonly task: string;
  readonly trained: boolean;
  /** The constant weight, 0 where not trained; undefined where weights are learned. */
  readonly fixed: number | undefined;
  /** The end of training over the finished seeds; undefined for constant weights and before the first seed has finished. */
  readonly learned:
    { readonly weight: Spread; readonly normalised: Spread; readonly variance: Spread | undefined } | undefined;
}

export interface ComparisonRow {
  readonly setting: Setting;
  /** The setting's label on one line, or its weights where the label says no more. */
  readonly name: string;
  /** Whether the name says more than the weights. */
  readonly named: boolean;
  /** One per task of the sweep. */
  readonly weights: readonly WeightCell[];
  /** One per column; undefined where the task is not trained. */
  readonly cells: readonly (MetricCell | undefined)[];
  readonly delta: DeltaM | undefined;
  readonly deltaBest: boolean;
  /** The setting's trials by seed, finished ones or not. */
  readonly trials: readonly TrialResult[];
  readonly finished: number;
}

/** A single-task network's primary metric, which Δm is measured against. */
export interface Baseline {
  readonly task: string;
  readonly spread: Spread;
  readonly planned: number;
}

/** Every setting of a sweep side by side, the same for terminal, files and dashboard. */
export interface Comparison {
  readonly sweepId: string;
  readonly name: string;
  readonly workload: string;
  readonly state: SweepState;
  readonly tasks: readonly ComparedTask[];
  /** Tasks in order; of each its metrics, the primary one first. */
  readonly columns: readonly MetricColumn[];
  /** In the spec's order. */
  readonly rows: readonly ComparisonRow[];
  /** By task; one without a finished seed is not here. */
  readonly baselines: ReadonlyMap<string, Baseline>;
  /** Whether Δm has a meaning in this sweep: some setting trains several tasks, another one of them alone. */
  readonly hasDelta: boolean;
  /** Ascending. */
  readonly seeds: readonly number[];
}

/** Lays the results of a sweep side by side. Pure: the same results in any order give the same comparison. */
export function compareSweep(results: SweepResults): Comparison {
  const tasks = results.tasks.map((name) => ({ name, label: taskLabel(results.workload, name) }));
  const columns = results.tasks.flatMap((task) =>
    taskMetrics(results.workload, task).map((metric, place) => ({ task, metric, primary: place === 0 })),
  );
  const settings = [...results.settings].sort((a, b) => a.position - b.position);
  const trialsOf = new Map<string, TrialResult[]>(settings.map(({ key }) => [key, []]));
  for (const trial of [...results.trials].sort((a, b) => a.seed - b.seed)) trialsOf.get(trial.settingKey)?.push(trial);
  const trained = (setting: Setting): readonly TrialResult[] => trialsOf.get(setting.key) ?? [];

  const baselines = readBaselines(settings, columns, trained);
  const bare = settings.map((setting) => bareRow(setting, results.tasks, columns, trained(setting), baselines));
  const best = columns.map(({ metric }, column) =>
    bestPlaces(
      bare.map((row) => row.spreads[column]),
      metric.better,
      (mean) => (mean * metric.scale).toFixed(metric.decimals),
    ),
  );
  const bestDelta = bestPlaces(
    // A mean over some of the tasks does not compare with one over all.
    bare.map((row) => (row.setting.tasks.length === tasks.length ? row.delta?.total : undefined)),
    'higher',
    (mean) => mean.toFixed(deltaDecimals),
  );
  return {
    sweepId: results.sweepId,
    name: results.name,
    workload: results.workload,
    state: results.state,
    tasks,
    columns,
    rows: bare.map(({ spreads, ...row }, place) => ({
      ...row,
      ...nameOf(row.setting, tasks),
      cells: columns.map(({ task }, column) =>
        row.setting.tasks.includes(task)
          ? { spread: spreads[column], best: best[column]?.has(place) ?? false }
          : undefined,
      ),
      deltaBest: bestDelta.has(place),
    })),
    baselines,
    hasDelta: settings.some(({ kind }) => kind === 'single') && settings.some((setting) => setting.tasks.length > 1),
    seeds: [...new Set(results.trials.map(({ seed }) => seed))].sort((a, b) => a - b),
  };
}

function nameOf(setting: Setting, tasks: readonly ComparedTask[]): { name: string; named: boolean } {
  const named = saysMore(setting, tasks);
  return { name: named ? oneLine(setting.label) : weightsName(setting, tasks), named };
}

function valueOf(trial: TrialResult, { task, metric }: MetricColumn): number | undefined {
  if (trial.state !== 'succeeded') return undefined;
  return trial.metrics.find((one) => one.task === task && one.metric === metric.name)?.value;
}

/** The column's values of the trials that have one, in their order. */
function valuesOf(trials: readonly TrialResult[], column: MetricColumn): number[] {
  return trials.flatMap((trial) => valueOf(trial, column) ?? []);
}

/** Of each task the first setting that trains it alone and has a result. */
function readBaselines(
  settings: readonly Setting[],
  columns: readonly MetricColumn[],
  trialsOf: (setting: Setting) => readonly TrialResult[],
): Map<string, Baseline> {
  const baselines = new Map<string, Baseline>();
  for (const column of columns.filter(({ primary }) => primary)) {
    for (const setting of settings) {
      if (setting.kind !== 'single' || !setting.tasks.includes(column.task) || baselines.has(column.task)) continue;
      const trials = trialsOf(setting);
      const over = spread(valuesOf(trials, column));
      if (over !== undefined) baselines.set(column.task, { task: column.task, spread: over, planned: trials.length });
    }
  }
  return baselines;
}

/** A row before it is known which cells are the best of their columns. */
function bareRow(
  setting: Setting,
  tasks: readonly string[],
  columns: readonly MetricColumn[],
  trials: readonly TrialResult[],
  baselines: ReadonlyMap<string, Baseline>,
) {
  return {
    setting,
    weights: tasks.map((task) => weightCell(setting, task, trials)),
    spreads: columns.map((column) =>
      setting.tasks.includes(column.task) ? spread(valuesOf(trials, column)) : undefined,
    ),
    delta: deltaOf(setting, columns, trials, baselines),
    trials,
    finished: trials.filter(({ state }) => state === 'succeeded').length,
  };
}

function weightCell(setting: Setting, task: string, trials: readonly TrialResult[]): WeightCell {
  const trained = setting.tasks.includes(task);
  if (setting.weights !== null) return { task, trained, fixed: setting.weights[task] ?? 0, learned: undefined };
  if (!trained) return { task, trained, fixed: undefined, learned: undefined };
  const ends = trials.flatMap((trial) => trial.finalWeights.find((one) => one.task === task) ?? []);
  const weight = spread(ends.map((one) => one.weight));
  const normalised = spread(ends.map((one) => one.normalisedWeight));
  const variance = spread(ends.flatMap((one) => one.variance ?? []));
  const learned = weight === undefined || normalised === undefined ? undefined : { weight, normalised, variance };
  return { task, trained, fixed: undefined, learned };
}

/** Undefined where a trained task has no baseline: a mean over some of the tasks would not compare with the others. */
function deltaOf(
  setting: Setting,
  columns: readonly MetricColumn[],
  trials: readonly TrialResult[],
  baselines: ReadonlyMap<string, Baseline>,
): DeltaM | undefined {
  const measured = columns.filter(({ task, primary }) => primary && setting.tasks.includes(task));
  const tasks = measured.flatMap(({ task, metric }): BaselineTask[] => {
    const baseline = baselines.get(task);
    return baseline === undefined ? [] : [{ task, better: metric.better, baseline: baseline.spread.mean }];
  });
  if (tasks.length !== setting.tasks.length) return undefined;
  const runs = trials
    .map((trial) => measured.flatMap((column) => valueOf(trial, column) ?? []))
    .filter((values) => values.length === tasks.length);
  return deltaM(tasks, runs);
}

/**
 * Places of the best of a column. Only spreads over as many seeds as the fullest one compete: a setting that a lucky
 * seed has finished early is not compared with settings of more seeds. What reads the same is equally good. One
 * competitor alone is not the best of anything.
 */
function bestPlaces(
  column: readonly (Spread | undefined)[],
  better: MetricInfo['better'],
  shown: (mean: number) => string,
): ReadonlySet<number> {
  const most = Math.max(0, ...column.map((one) => one?.count ?? 0));
  const competing = column.flatMap((one, place) => (one?.count === most ? [{ place, mean: one.mean }] : []));
  const means = competing.map(({ mean }) => mean);
  if (means.length < 2) return new Set();
  const best = shown(better === 'higher' ? Math.max(...means) : Math.min(...means));
  return new Set(competing.filter(({ mean }) => shown(mean) === best).map(({ place }) => place));
}
