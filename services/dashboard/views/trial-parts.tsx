import { trialConfig, type TrialConfig } from '../../shared/trial-config.js';
import { models } from '../../shared/catalog/models.js';
import { optimizers } from '../../shared/catalog/optimizers.js';
import { workloads } from '../../shared/catalog/workloads.js';
import { weightings } from '../../shared/catalog/weightings.js';
import { taskLabel } from '../../shared/compare/metric-names.js';
import { formatClock } from '../format.js';
import type { LogRow } from '../queries/trials.js';

/** Writes an option's value as a person would: lists with commas, records as "key value" pairs after their name. */
function readable(value: unknown): string {
  if (Array.isArray(value)) return value.map(readable).join(', ');
  if (typeof value === 'object' && value !== null) {
    const { name, ...options } = value as Record<string, unknown>;
    const text = Object.entries(options)
      .map(([key, item]) => `${key} ${readable(item)}`)
      .join(', ');
    return typeof name !== 'string' ? text : text === '' ? name : `${name} (${text})`;
  }
  if (typeof value === 'number' && Math.abs(value) >= 10_000) return value.toLocaleString('en');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** "learningRateMultiplier" → "learning rate multiplier". */
function words(name: string): string {
  return name.replace(/([A-Z])/g, ' $1').toLowerCase();
}

/** The workload's options as its schema lists them: a stored JSON object has lost its order. */
function inSchemaOrder({ workload, data }: TrialConfig): Record<string, unknown> {
  const known = Object.keys(workloads[workload].options.shape).filter((name) => Object.hasOwn(data, name));
  return Object.fromEntries([...new Set([...known, ...Object.keys(data)])].map((name) => [name, data[name]]));
}

/** The same for weights, in the order of the tasks. */
function inTaskOrder({ tasks, weighting }: TrialConfig): TrialConfig['weighting'] {
  if (weighting.method !== 'fixed') return weighting;
  const names = [...new Set([...tasks, ...Object.keys(weighting.weights)])];
  return { ...weighting, weights: Object.fromEntries(names.map((name) => [name, weighting.weights[name] ?? 0])) };
}

/** A mapping or list with nothing in it says nothing. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function configurationGroups(config: TrialConfig): { title: string; rows: (readonly [string, string])[] }[] {
  const options = (value: object, name: string): (readonly [string, string])[] =>
    Object.entries(value)
      .filter(([key, item]) => key !== name && !isEmpty(item))
      .map(([key, item]) => [words(key), readable(item)] as const);
  return [
    {
      title: 'Training',
      rows: [
        ['tasks', config.tasks.map((task) => taskLabel(config, task)).join(', ')],
        ['epochs', String(config.epochs)],
        ['batch size', String(config.batchSize)],
        ['seed', String(config.seed)],
      ],
    },
    {
      title: 'Weighting',
      rows: [['method', weightings[config.weighting.method].label], ...options(inTaskOrder(config), 'method')],
    },
    // A program brings its own network.
    ...(config.workload === 'command'
      ? []
      : [
          {
            title: 'Model',
            rows: [['architecture', models[config.model.name].label] as const, ...options(config.model, 'name')],
          },
        ]),
    {
      title: 'Optimizer',
      rows: [['method', optimizers[config.optimizer.name].label], ...options(config.optimizer, 'name')],
    },
    ...(config.transfer === undefined ? [] : [{ title: 'Transfer', rows: options(config.transfer, '') }]),
    ...(config.uncertainty === undefined ? [] : [{ title: 'Uncertainty', rows: options(config.uncertainty, '') }]),
    { title: 'Data', rows: [['workload', config.workload], ...options(inSchemaOrder(config), '')] },
    { title: 'Limits', rows: options(config.limits, '') },
  ];
}

/** A trial's configuration in words, and the JSON it is. */
export function Configuration({ config }: { config: unknown }) {
  const parsed = trialConfig.safeParse(config);
  return (
    <>
      {parsed.success ? (
        <div class="configuration">
          {configurationGroups(parsed.data).map(({ title, rows }) => (
            <section>
              <h3>{title}</h3>
              <dl>
                {rows.map(([name, value]) => (
                  <div>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      ) : (
        <p class="muted">This configuration was written by another version, so only its JSON is shown.</p>
      )}
      <details open={!parsed.success}>
        <summary>As JSON</summary>
        <pre class="json">
          <code>{JSON.stringify(config, null, 2)}</code>
        </pre>
      </details>
    </>
  );
}

/** The end of an attempt's log. */
export function Log({ lines, total }: { lines: readonly LogRow[]; total: number }) {
  if (lines.length === 0) return <p class="empty">No lines yet.</p>;
  return (
    <>
      {total > lines.length ? (
        <p class="log-more">
          The last {lines.length} of {total} lines
        </p>
      ) : null}
      <div class="log-scroll" role="group" aria-label="Log" tabindex={0} data-follow>
        <ol class="log">
          {lines.map((line) => (
            <li class={`log-${line.level}`} data-key={String(line.seq)}>
              <time datetime={line.at.toISOString()}>{formatClock(line.at)}</time>
              <span class="log-level">{line.level}</span>
              <span class="log-text">{line.text}</span>
            </li>
          ))}
        </ol>
      </div>
    </>
  );
}
