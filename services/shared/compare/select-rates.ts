import { scoreOf, type ValueOf } from '../criterion.js';
import { deltaCriterion } from '../derivation.js';
import { untunedKey } from '../plan/names.js';
import { isTerminal } from '../trial-state.js';
import { taskMetrics } from './metric-names.js';
import type { Setting, SweepResults, TrialResult } from './results.js';
import { spread } from './statistics.js';

/**
 * Of the learning rates that a setting was trained with, the one that is best on the validation split: the others leave
 * the comparison. Single-task networks are chosen by their own task's first metric, all others by the criterion, Δm
 * against the chosen single-task networks. A setting of which a training has not ended keeps all of its rates: a choice
 * among some would be one with a smaller budget.
 */
export function selectRates(results: SweepResults): SweepResults {
  const { tuning } = results;
  if (tuning === undefined) return results;
  const families = groupedBy(results.settings, ({ key }) => untunedKey(key));
  const trialsOf = groupedBy(results.trials, ({ settingKey }) => settingKey);
  const kept = new Set<string>();
  const baselines = new Map<string, readonly TrialResult[]>();
  const choose = (family: readonly Setting[], scoreOfSetting: (setting: Setting) => number | undefined): void => {
    const ended = family.every(({ key }) => (trialsOf.get(key) ?? []).every(({ state }) => isTerminal(state)));
    const scored = family.flatMap((setting) => {
      const score = ended ? scoreOfSetting(setting) : undefined;
      return score === undefined ? [] : [{ setting, score }];
    });
    const best = scored.reduce<(typeof scored)[0] | undefined>(
      (top, one) => (top === undefined || one.score > top.score ? one : top),
      undefined,
    );
    for (const { key } of best === undefined ? family : [best.setting]) kept.add(key);
    if (best?.setting.kind !== 'single') return;
    const [task = ''] = best.setting.tasks;
    baselines.set(`${best.setting.basis ?? ''}/${task}`, trialsOf.get(best.setting.key) ?? []);
  };
  const all = [...families.values()];
  const isSingle = (family: readonly Setting[]): boolean => family.every(({ kind }) => kind === 'single');
  const scored = (setting: Setting, criterion: string): number | undefined => {
    const runs = trialsOf.get(setting.key) ?? [];
    // A mean over fewer seeds does not compare.
    if (runs.some(({ state }) => state !== 'succeeded')) return undefined;
    const baselineOf: ValueOf = (task, metric) =>
      meanOf(baselines.get(`${setting.basis ?? ''}/${task}`) ?? [], task, metric);
    return scoreOf(criterion, results, setting.tasks, (task, metric) => meanOf(runs, task, metric), baselineOf);
  };
  for (const family of all.filter(isSingle)) choose(family, (setting) => scored(setting, setting.tasks[0] ?? ''));
  for (const family of all.filter((one) => !isSingle(one))) {
    choose(family, (setting) => {
      const byTask = tuning.metric !== deltaCriterion && !trains(setting, tuning.metric);
      return byTask ? scored(setting, setting.tasks[0] ?? '') : scored(setting, tuning.metric);
    });
  }
  return {
    ...results,
    settings: results.settings.filter(({ key }) => kept.has(key)),
    trials: results.trials.filter(({ settingKey }) => kept.has(settingKey)),
  };

  function trains({ tasks }: Setting, criterion: string): boolean {
    return tasks.some((task) =>
      [task, ...taskMetrics(results, task).map(({ name }) => `${task}.${name}`)].includes(criterion),
    );
  }
}

function meanOf(runs: readonly TrialResult[], task: string, metric: string): number {
  const values = runs.map(
    ({ validation }) => validation?.find((one) => one.task === task && one.metric === metric)?.value ?? Number.NaN,
  );
  return spread(values)?.mean ?? Number.NaN;
}

function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
