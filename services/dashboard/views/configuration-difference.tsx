import type { TaskSource } from '../../shared/catalog/workloads.js';
import { taskMetricLabel, testMetrics } from '../../shared/compare/metric-names.js';
import { dash } from '../../shared/compare/number-forms.js';
import { optionLabel } from '../compare/option-label.js';
import { differingOptions, flattenOptions } from '../compare/options.js';
import type { TrialChoice } from '../queries/trial-choices.js';
import { TableScroll } from './layout.js';

interface ComparedTrial {
  readonly id: string;
  readonly label: string;
  readonly config: unknown;
  readonly metrics: readonly { readonly task: string; readonly metric: string; readonly value: number }[];
}

export interface DifferenceProps {
  readonly source: TaskSource;
  readonly tasks: readonly string[];
  readonly trial: ComparedTrial;
  /** The trial that a person chose; undefined while there is none. */
  readonly other: ComparedTrial | undefined;
  readonly choices: readonly TrialChoice[];
}

/** What another trial of the sweep was trained with instead, and what came of it. */
export function ConfigurationDifference({ source, tasks, trial, other, choices }: DifferenceProps) {
  return (
    <section aria-labelledby="against-title">
      <form class="against" method="get" action={`/trials/${trial.id}#configuration`}>
        <h3 id="against-title">Compare with</h3>
        <label>
          <span class="hidden">Another trial of the sweep</span>
          <select name="against">
            <option value="">no other trial</option>
            {choices.map(({ id, label }) => (
              <option value={id} selected={id === other?.id}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button class="button" type="submit">
          Compare
        </button>
      </form>
      {other === undefined ? null : <Difference source={source} tasks={tasks} trial={trial} other={other} />}
    </section>
  );
}

function Difference({
  source,
  tasks,
  trial,
  other,
}: Pick<DifferenceProps, 'source' | 'tasks' | 'trial'> & { other: ComparedTrial }) {
  const seeds = [trial, other].map(({ config }) => seedOf(config));
  const options = [
    ...differingOptions([flattenOptions(trial.config), flattenOptions(other.config)]),
    ...(seeds[0] === seeds[1] ? [] : [{ path: 'seed', values: seeds }]),
  ];
  const results = tasks.flatMap((task) =>
    testMetrics(source, task).flatMap((metric) => {
      const values = [trial, other].map(
        ({ metrics }) => metrics.find((one) => one.task === task && one.metric === metric.name)?.value,
      );
      if (values.every((value) => value === undefined)) return [];
      return [
        {
          name: `${taskMetricLabel(source, task, metric)}${metric.unit === '' ? '' : ` [${metric.unit}]`}`,
          values: values.map((value) => (value === undefined ? dash : (value * metric.scale).toFixed(metric.decimals))),
        },
      ];
    }),
  );
  if (options.length === 0 && results.length === 0) return <p class="muted">No option differs.</p>;
  return (
    <TableScroll label="Differences">
      <table class="options">
        <caption class="hidden">Options and results that differ from the chosen trial</caption>
        <thead>
          <tr>
            <th scope="col">Option</th>
            <th scope="col">This trial</th>
            <th scope="col">
              <a href={`/trials/${other.id}`}>{other.label}</a>
            </th>
          </tr>
        </thead>
        <tbody>
          {options.length === 0 ? (
            <tr>
              <th scope="row">No option differs</th>
              <td />
              <td />
            </tr>
          ) : null}
          {options.map(({ path, values }) => (
            <tr>
              <th scope="row">{optionLabel(path)}</th>
              {values.map((value) => (
                <td>{value}</td>
              ))}
            </tr>
          ))}
          {results.map(({ name, values }) => (
            <tr>
              <th scope="row">Test: {name}</th>
              {values.map((value) => (
                <td>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

function seedOf(config: unknown): string {
  const seed = typeof config === 'object' && config !== null && 'seed' in config ? config.seed : undefined;
  return typeof seed === 'number' ? String(seed) : dash;
}
