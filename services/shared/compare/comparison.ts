import type { MetricInfo } from '../catalog/metrics.js';
import type { SweepState } from '../trial-state.js';
import { markColumn } from './close-to-best.js';
import { deltaM, type BaselineTask, type DeltaM } from './delta-m.js';
import { taskLabel, taskMetrics, testMetrics } from './metric-names.js';
import type { NetworkSize } from './network-size.js';
import { deltaDecimals, derivedMark, learnedMark } from './number-forms.js';
import { oneLine } from './plain-text.js';
import type { Setting, SweepResults, TrialResult } from './results.js';
import { selectRates } from './select-rates.js';
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
  /** The same by seed. */
  readonly bySeed: ReadonlyMap<number, number>;
  readonly best: boolean;
  /** Whether the test against the column's best finds no significant difference; see `testAgainstBest`. */
  readonly close: boolean;
  /** Holm-adjusted probability of that test; undefined for the best, and where there was nothing to test. */
  readonly adjusted: number | undefined;
}

/** What a setting says about one task's weight. */
export interface WeightCell {
  readonly task: string;
  readonly trained: boolean;
  /** The constant weight, 0 where not trained; undefined where it is learned, or differs from seed to seed. */
  readonly fixed: number | undefined;
  /** What stands for a weight that is trained and has no one value. */
  readonly mark: string | undefined;
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
  /** Δm of each finished seed. */
  readonly deltaBySeed: ReadonlyMap<number, number>;
  readonly deltaBest: boolean;
  readonly deltaClose: boolean;
  /** The setting's trials by seed, finished ones or not. */
  readonly trials: readonly TrialResult[];
  readonly finished: number;
  /** The epoch by whose numbers its training was stopped early: it then has no result, whatever single seeds have. */
  readonly stoppedAt: number | undefined;
  readonly size: NetworkSize;
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
  /** The spec's `data`, which may declare the tasks. */
  readonly data?: unknown;
  /** See SweepResults. */
  readonly skipped?: SweepResults['skipped'];
  readonly state: SweepState;
  /** See SweepResults. */
  readonly procedure?: SweepResults['procedure'];
  readonly tasks: readonly ComparedTask[];
  /** Tasks in order; of each its metrics, the primary one first. */
  readonly columns: readonly MetricColumn[];
  /** In the spec's order. */
  readonly rows: readonly ComparisonRow[];
  /** By `baselineKey`; one without a finished seed is not here. */
  readonly baselines: ReadonlyMap<string, Baseline>;
  /** Whether Δm has a meaning in this sweep: some setting trains several tasks, another one of them alone. */
  readonly hasDelta: boolean;
  /** Whether the settings differ in their networks, so that a table must tell what each costs. */
  readonly hasSizes: boolean;
  /** Ascending. */
  readonly seeds: readonly number[];
  /** Whether a person chose the columns: printed tables then show all of them. */
  readonly columnsChosen?: boolean;
}

/** Lays the results of a sweep side by side. Pure: the same results in any order give the same comparison. */
export function compareSweep(given: SweepResults): Comparison {
  const results = selectRates(given);
  const tasks = results.tasks.map((name) => ({ name, label: taskLabel(results, name) }));
  // What only some sweeps ask for has a column where it was reported.
  const known = new Set([
    ...results.tasks.flatMap((task) => taskMetrics(results, task).map(({ name }) => `${task} ${name}`)),
    ...results.trials.flatMap(({ metrics }) => metrics.map(({ task, metric }) => `${task} ${metric}`)),
  ]);
  const columns = results.tasks.flatMap((task) =>
    testMetrics(results, task)
      .filter((metric) => known.has(`${task} ${metric.name}`))
      .map((metric, place) => ({ task, metric, primary: place === 0 })),
  );
  const settings = [...results.settings].sort((a, b) => a.position - b.position);
  const trialsOf = new Map<string, TrialResult[]>(settings.map(({ key }) => [key, []]));
  for (const trial of [...results.trials].sort((a, b) => a.seed - b.seed)) trialsOf.get(trial.settingKey)?.push(trial);
  const trained = (setting: Setting): readonly TrialResult[] => trialsOf.get(setting.key) ?? [];
  // A mean over the seeds that were not stopped would be one over the lucky ones.
  const counted = (setting: Setting): readonly TrialResult[] =>
    stoppedAtOf(trained(setting)) === undefined ? trained(setting) : [];

  const baselines = readBaselines(settings, columns, counted);
  const rows = settings.map((setting) => ({
    ...bareRow(setting, results.tasks, columns, counted(setting), baselines),
    ...nameOf(setting, tasks),
    trials: trained(setting),
    stoppedAt: stoppedAtOf(trained(setting)),
  }));
  return {
    sweepId: results.sweepId,
    name: results.name,
    workload: results.workload,
    data: results.data,
    skipped: results.skipped,
    state: results.state,
    procedure: results.procedure,
    tasks,
    columns,
    rows: markBest(rows, columns, tasks.length),
    baselines,
    hasDelta: settings.some(({ kind }) => kind === 'single') && settings.some((setting) => setting.tasks.length > 1),
    hasSizes: settings.some(({ model }) => typeof model === 'string'),
    seeds: [...new Set(results.trials.map(({ seed }) => seed))].sort((a, b) => a - b),
  };
}

/**
 * Marks the best of each column among some rows, and what is not significantly worse; to be done again when rows are
 * left out, because what is best among those shown is what a reader looks for.
 */
export function markBest(
  rows: readonly Omit<ComparisonRow, 'deltaBest' | 'deltaClose'>[],
  columns: readonly MetricColumn[],
  tasks: number,
): ComparisonRow[] {
  const marks = columns.map(({ metric }, column) =>
    markColumn(
      rows.map((row) => row.cells[column]?.bySeed),
      metric.better,
      (mean) => (mean * metric.scale).toFixed(metric.decimals),
    ),
  );
  const delta = markColumn(
    // A mean over some of the tasks does not compare with one over all.
    rows.map((row) => (row.setting.tasks.length === tasks ? row.deltaBySeed : undefined)),
    'higher',
    (mean) => mean.toFixed(deltaDecimals),
  );
  return rows.map((row, place) => ({
    ...row,
    cells: row.cells.map((cell, column) => {
      const mark = marks[column];
      if (cell === undefined || mark === undefined) return cell;
      return {
        ...cell,
        best: mark.best.has(place),
        close: mark.close.has(place),
        adjusted: mark.adjusted.get(place),
      };
    }),
    deltaBest: delta.best.has(place),
    deltaClose: delta.close.has(place),
  }));
}

function stoppedAtOf(trials: readonly TrialResult[]): number | undefined {
  const epochs = trials.flatMap(({ state, stop }) => (state === 'stopped' && stop != null ? [stop.epoch] : []));
  return epochs.length === 0 ? undefined : Math.max(...epochs);
}

function nameOf(setting: Setting, tasks: readonly ComparedTask[]): { name: string; named: boolean } {
  const named = saysMore(setting, tasks);
  return { name: named ? oneLine(setting.label) : weightsName(setting, tasks), named };
}

function valueOf(trial: TrialResult, { task, metric }: MetricColumn): number | undefined {
  if (trial.state !== 'succeeded') return undefined;
  return trial.metrics.find((one) => one.task === task && one.metric === metric.name)?.value;
}

/** The column's values of the trials that have one. */
function bySeedOf(trials: readonly TrialResult[], column: MetricColumn): ReadonlyMap<number, number> {
  return new Map(
    trials.flatMap((trial): [number, number][] => {
      const value = valueOf(trial, column);
      return value === undefined ? [] : [[trial.seed, value]];
    }),
  );
}

/** Where the baseline of one of a setting's tasks is found. */
export function baselineKey({ basis }: Pick<Setting, 'basis'>, task: string): string {
  return `${basis ?? ''}/${task}`;
}

/** Of each task and basis the first setting that trains it alone and has a result. */
function readBaselines(
  settings: readonly Setting[],
  columns: readonly MetricColumn[],
  trialsOf: (setting: Setting) => readonly TrialResult[],
): Map<string, Baseline> {
  const baselines = new Map<string, Baseline>();
  for (const column of columns.filter(({ primary }) => primary)) {
    for (const setting of settings) {
      const key = baselineKey(setting, column.task);
      if (setting.kind !== 'single' || !setting.tasks.includes(column.task) || baselines.has(key)) continue;
      const trials = trialsOf(setting);
      const over = spread([...bySeedOf(trials, column).values()]);
      if (over !== undefined) baselines.set(key, { task: column.task, spread: over, planned: trials.length });
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
    cells: columns.map((column): MetricCell | undefined => {
      if (!setting.tasks.includes(column.task)) return undefined;
      const bySeed = bySeedOf(trials, column);
      return { spread: spread([...bySeed.values()]), bySeed, best: false, close: false, adjusted: undefined };
    }),
    delta: deltaOf(setting, columns, trials, baselines),
    deltaBySeed: new Map(
      trials.flatMap((trial): [number, number][] => {
        const own = deltaOf(setting, columns, [trial], baselines);
        return own === undefined ? [] : [[trial.seed, own.total.mean]];
      }),
    ),
    finished: trials.filter(({ state }) => state === 'succeeded').length,
    size: {
      parameters: spread(trials.flatMap(({ parameters }) => parameters ?? [])),
      multiplyAdds: spread(trials.flatMap(({ multiplyAdds }) => multiplyAdds ?? [])),
    },
  };
}

function weightCell(setting: Setting, task: string, trials: readonly TrialResult[]): WeightCell {
  const trained = setting.tasks.includes(task);
  const none = { task, trained, mark: undefined, learned: undefined };
  if (setting.weights !== null) return { ...none, fixed: setting.weights[task] ?? 0 };
  if (!trained) return { ...none, fixed: undefined };
  const ends = trials.flatMap((trial) => trial.finalWeights.find((one) => one.task === task) ?? []);
  const weight = spread(ends.map((one) => one.weight));
  const normalised = spread(ends.map((one) => one.normalisedWeight));
  const variance = spread(ends.flatMap((one) => one.variance ?? []));
  const learned = weight === undefined || normalised === undefined ? undefined : { weight, normalised, variance };
  return { task, trained, fixed: undefined, mark: setting.kind === 'learned' ? learnedMark : derivedMark, learned };
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
    const baseline = baselines.get(baselineKey(setting, task));
    return baseline === undefined ? [] : [{ task, better: metric.better, baseline: baseline.spread.mean }];
  });
  if (tasks.length !== setting.tasks.length) return undefined;
  const runs = trials
    .map((trial) => measured.flatMap((column) => valueOf(trial, column) ?? []))
    .filter((values) => values.length === tasks.length);
  return deltaM(tasks, runs);
}
