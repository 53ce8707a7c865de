import { samplers } from '../catalog/samplers.js';
import { criterionLabel, scoreOf, type ValueOf } from '../criterion.js';
import type { SearchDerivation } from '../derivation.js';
import { samplerOf } from '../search/registry.js';
import type { Observation } from '../search/sampler.js';
import type { Derived, DerivedFor, Outcome } from './outcome.js';

/**
 * The weights of a point of a search: what the sampler asks for when it is told how the points before it did, by the mean
 * over their seeds on the validation split. All points of a round are asked for together, so that each can be worked
 * out alone.
 * @param outcomes of the fixed weights that were trained before, and of the single-task networks
 */
export function searchedPoint(
  { search, round, place }: SearchDerivation,
  { source, tasks }: DerivedFor,
  outcomes: readonly Outcome[],
): Derived {
  const observations = observationsOf(search.metric, { source, tasks }, outcomes);
  const { sampler, batch, initial, seed, least, points } = search;
  const count = Math.min(batch, points - initial - (round - 1) * batch);
  const chosen = samplerOf[sampler]({ tasks: tasks.length, count, round, initial, seed, least, observations });
  const point = chosen[place];
  const scored = observations.filter(({ score }) => score !== undefined).length;
  if (point === undefined || scored === 0) {
    const why =
      scored === 0 ? `none of the ${observations.length} points before it has a result` : 'no further point is left';
    return {
      fault: {
        code: 'NO_POINT_TO_CHOOSE',
        message: `${samplers[sampler].label} can choose no point in round ${round}: ${why}.`,
        hint: scored === 0 ? 'Retry the points that failed.' : 'Search fewer points, or with a smaller `least`.',
      },
    };
  }
  return {
    weights: Object.fromEntries(tasks.map((task, index) => [task, point[index] ?? 0])),
    note: `chosen in round ${round} from ${scored} points by ${criterionLabel(source, tasks, search.metric)} on validation`,
  };
}

function observationsOf(metric: string, { source, tasks }: DerivedFor, outcomes: readonly Outcome[]): Observation[] {
  const baselineOf: ValueOf = (task, name) =>
    meanValue(
      outcomes.filter(({ setting }) => setting.kind === 'single' && setting.tasks.includes(task)),
      task,
      name,
    );
  const runsOf = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const { key, kind, weights } = outcome.setting;
    if (kind === 'fixed' && weights !== null) runsOf.set(key, [...(runsOf.get(key) ?? []), outcome]);
  }
  return [...runsOf.values()].map((runs): Observation => {
    const weights = tasks.map((task) => runs[0]?.setting.weights?.[task] ?? 0);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const whole = runs.every(({ succeeded }) => succeeded);
    const valueOf: ValueOf = (task, name) => meanValue(runs, task, name);
    return {
      point: weights.map((weight) => weight / sum),
      score: whole ? scoreOf(metric, source, tasks, valueOf, baselineOf) : undefined,
    };
  });
}

/** In ascending order, so that the order of the outcomes changes no bit; not a number where one is missing. */
function meanValue(runs: readonly Outcome[], task: string, metric: string): number {
  const values = runs
    .map(({ validation }) => validation.find((one) => one.task === task && one.metric === metric)?.value ?? Number.NaN)
    .sort((a, b) => a - b);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
