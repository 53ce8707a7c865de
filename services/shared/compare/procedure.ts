import { stoppingRules } from '../catalog/stopping-rules.js';
import { dataOf } from '../catalog/workloads.js';
import { criterionLabel } from '../criterion.js';
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
  return [...stoppingSentences(fields['stopping'], (metric) => criterionLabel(source, tasks, metric))];
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
