import type { MetricInfo } from '../catalog/metrics.js';
import { deltaM, type BaselineTask } from '../compare/delta-m.js';
import { taskMetrics } from '../compare/metric-names.js';
import { formatChange, formatMetric } from '../compare/number-forms.js';
import { spread } from '../compare/statistics.js';
import { deltaCriterion, type Derivation } from '../derivation.js';
import { searchedPoint } from './derive-search.js';
import type { Derived, DerivedFor, Outcome } from './outcome.js';

/** Larger weights are refused everywhere. */
const largestWeight = 1e6;

/**
 * The weights of a trial from the ends of those that it needed. Pure: the same ends always give the same weights, in
 * whatever order they come.
 */
export function deriveWeights(derivation: Derivation, wanted: DerivedFor, outcomes: readonly Outcome[]): Derived {
  const ordered = [...outcomes].sort((a, b) => a.setting.position - b.setting.position);
  switch (derivation.kind) {
    case 'replay':
      return replayed(derivation, wanted, ordered);
    case 'search':
      return searchedPoint(derivation, wanted, ordered);
    case 'best-point':
      return bestPoint(derivation.criterion, wanted, ordered);
  }
}

function replayed(
  { normalised, over }: Extract<Derivation, { kind: 'replay' }>,
  { tasks }: DerivedFor,
  outcomes: readonly Outcome[],
): Derived {
  const means = tasks.map((task) => meanOf(outcomes.map(({ finalWeights }) => finalWeights[task] ?? Number.NaN)));
  const sum = means.reduce((total, weight) => total + weight, 0);
  const weights = means.map((weight) => (normalised ? weight / sum : weight));
  const bad = weights.findIndex((weight) => !(weight > 0 && weight <= largestWeight));
  const source = outcomes[0]?.setting.label ?? 'the replayed row';
  if (bad >= 0 || weights.length === 0) {
    const weight = weights[bad] ?? Number.NaN;
    const found = `${Number.isNaN(weight) ? 'none reported' : String(weight)} for ${tasks[bad] ?? 'any task'}`;
    return {
      fault: {
        code: 'WEIGHTS_NOT_USABLE',
        message: `${source} ended with a weight that cannot be held fixed: ${found}; it must be above 0 and at most ${largestWeight}.`,
        hint: 'Such a weighting does not end with constant weights that could be trained with.',
      },
    };
  }
  const from =
    over === 'mean' ? `mean over ${outcomes.length} seeds of where ${source} ended` : `where ${source} ended`;
  return {
    weights: Object.fromEntries(tasks.map((task, place) => [task, weights[place] ?? 0])),
    note: `weights held fixed at ${from}${normalised ? ', scaled to sum 1' : ''}`,
  };
}

interface Point {
  readonly setting: Outcome['setting'];
  readonly seeds: number;
  /** How good it is: larger is better. */
  readonly score: number;
  readonly shown: string;
}

/**
 * The point with the best mean over its seeds, on the validation split alone. Points that lack a seed do not compete:
 * a mean over fewer seeds does not compare. Of equal points the first of the table is taken.
 */
function bestPoint(criterion: string, wanted: DerivedFor, outcomes: readonly Outcome[]): Derived {
  const runsOf = new Map<string, Outcome[]>();
  for (const outcome of outcomes.filter(({ setting }) => setting.tasks.length === wanted.tasks.length)) {
    runsOf.set(outcome.setting.key, [...(runsOf.get(outcome.setting.key) ?? []), outcome]);
  }
  const candidates = [...runsOf.values()];
  const whole = candidates.filter((runs) => runs.every(({ succeeded }) => succeeded));
  const scoreOf = criterion === deltaCriterion ? deltaScore(wanted, outcomes) : metricScore(wanted, criterion);
  const points = whole.flatMap((runs): Point[] => {
    const [first] = runs;
    const scored = scoreOf(runs);
    return first === undefined || scored === undefined
      ? []
      : [{ setting: first.setting, seeds: runs.length, ...scored }];
  });
  const best = points.reduce<Point | undefined>(
    (top, one) => (top === undefined || one.score > top.score ? one : top),
    undefined,
  );
  if (best?.setting.weights == null) {
    return {
      fault: {
        code: 'NO_POINT_TO_CHOOSE',
        message: `None of the grid's ${candidates.length} points can be chosen by ${criterion}: ${whole.length} finished every seed, ${points.length} have the numbers that it needs.`,
        hint: 'Retry the points that failed, or choose by a task’s metric.',
      },
    };
  }
  const out = candidates.length - whole.length;
  const { seeds } = best;
  return {
    weights: best.setting.weights,
    note:
      `best of ${points.length} grid points on validation: ${best.shown}, ${seeds === 1 ? 'one seed' : `mean of ${seeds} seeds`}` +
      (out === 0 ? '' : `; ${out} left out because training gave up`),
  };
}

type ScoreOf = (runs: readonly Outcome[]) => { score: number; shown: string } | undefined;

function metricScore({ source }: DerivedFor, task: string): ScoreOf {
  const [metric] = taskMetrics(source, task);
  return (runs) => {
    if (metric === undefined) return undefined;
    const mean = meanOf(runs.map((run) => valueOf(run, task, metric)));
    if (!Number.isFinite(mean)) return undefined;
    return {
      score: metric.better === 'higher' ? mean : -mean,
      shown: `${metric.label} ${formatMetric({ mean, deviation: undefined, count: runs.length }, metric).mean} ${metric.unit}`,
    };
  };
}

function deltaScore({ source, tasks }: DerivedFor, outcomes: readonly Outcome[]): ScoreOf {
  const measured = tasks.flatMap((task) => {
    const [metric] = taskMetrics(source, task);
    return metric === undefined ? [] : [{ task, metric }];
  });
  const baselines = measured.map(({ task, metric }): BaselineTask => {
    const alone = outcomes.filter(({ setting }) => setting.kind === 'single' && setting.tasks.includes(task));
    return { task, better: metric.better, baseline: meanOf(alone.map((run) => valueOf(run, task, metric))) };
  });
  return (runs) => {
    const values = runs.map((run) => measured.map(({ task, metric }) => valueOf(run, task, metric)));
    const total = deltaM(baselines, values)?.total;
    if (total === undefined || !Number.isFinite(total.mean)) return undefined;
    return { score: total.mean, shown: `Δm ${formatChange(total).mean} %` };
  };
}

/** Not a number where the trial did not report it. */
function valueOf({ validation }: Outcome, task: string, metric: MetricInfo): number {
  return validation.find((one) => one.task === task && one.metric === metric.name)?.value ?? Number.NaN;
}

function meanOf(values: readonly number[]): number {
  return spread(values)?.mean ?? Number.NaN;
}
