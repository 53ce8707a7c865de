import { samplers } from '../catalog/samplers.js';
import { stoppingRules } from '../catalog/stopping-rules.js';
import { dataOf } from '../catalog/workloads.js';
import { criterionLabel } from '../criterion.js';
import { searchField } from '../sweep-spec/search-schema.js';
import { tuningField } from '../sweep-spec/tuning-schema.js';
import { uncertaintyOptions } from '../catalog/uncertainty.js';
import type { TaskSource } from '../catalog/workloads.js';
import { taskLabel } from './metric-names.js';
import { stoppingField } from '../sweep-spec/stopping-schema.js';

/**
 * How a sweep's settings came to be trained as far as they were: below every table, since a reader cannot see it there.
 * @param sweep as it is stored; a part of its spec that this version cannot read is left out
 */
export function describeProcedure(
  { workload, spec }: { readonly workload: string; readonly spec: unknown },
  tasks: readonly string[],
): string[] {
  const fields = typeof spec === 'object' && spec !== null ? (spec as Readonly<Record<string, unknown>>) : {};
  const source = { workload, data: dataOf(spec) };
  const labelOf = (metric: string): string => criterionLabel(source, tasks, metric);
  return [
    ...uncertaintySentences(fields['uncertainty'], source),
    ...searchSentences(fields['search'], labelOf),
    ...tuningSentences(fields['tuning'], labelOf),
    ...stoppingSentences(fields['stopping'], labelOf),
  ];
}

function uncertaintySentences(given: unknown, source: TaskSource): string[] {
  const { heteroscedastic = [], dropout } = uncertaintyOptions.safeParse(given).data ?? {};
  const labels = heteroscedastic.map((task) => taskLabel(source, task)).join(', ');
  return [
    ...(heteroscedastic.length === 0
      ? []
      : [`Heads predict the noise of each pixel for ${labels}, and are trained on the likelihood of both.`]),
    ...(dropout === undefined
      ? []
      : [
          `Dropout of ${Number((100 * dropout.rate).toPrecision(4))} % of the features; test numbers are of the mean over ${dropout.passes} passes with dropout (Monte Carlo dropout).`,
        ]),
  ];
}

function searchSentences(given: unknown, labelOf: (metric: string) => string): string[] {
  const search = searchField.safeParse(given).data;
  if (search === undefined) return [];
  const { label } = samplers[search.sampler];
  const how =
    'metric' in search
      ? `: ${Math.min(search.initial, search.points)} before anything was known, then ${search.batch} a round by ${labelOf(search.metric)} on the validation split (mean over seeds)`
      : '';
  return [
    `Searched weights: ${search.points} points by ${label}${how}; no weight below ${search.least}, sampler’s seed ${search.seed}.`,
  ];
}

function tuningSentences(given: unknown, labelOf: (metric: string) => string): string[] {
  const tuning = tuningField.safeParse(given).data;
  if (tuning === undefined) return [];
  const { learningRates, metric } = tuning;
  return [
    `Learning rate tuned with an equal budget: every setting was trained with each of ${learningRates.length} rates (${learningRates.join(', ')}) and all seeds; shown is the best of each on the validation split, of single-task networks by their own task’s metric, otherwise by ${labelOf(metric)}. Settings of which a rate has not ended are shown with all rates.`,
  ];
}

function stoppingSentences(given: unknown, labelOf: (metric: string) => string): string[] {
  const stopping = stoppingField.safeParse(given).data;
  if (stopping === undefined) return [];
  const options =
    stopping.rule === 'asha'
      ? `one in ${stopping.reduction} goes on, first after epoch ${stopping.minEpochs}`
      : `against at least ${stopping.minSettings} others, first after epoch ${stopping.minEpochs}`;
  const names = { baselines: 'single-task baselines', learned: 'learned weightings' } as const;
  const exempt = [...stopping.exempt.map((kind) => names[kind]), 'rows whose weights come from other rows'];
  return [
    `Early stopping by ${stoppingRules[stopping.rule].label} (${options}), by ${labelOf(stopping.metric)} on the validation split of the first seed; a setting that is stopped has no result for any seed. Exempt: ${exempt.join(', ')}.`,
  ];
}
