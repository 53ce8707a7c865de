import { oneLine } from '../../shared/compare/plain-text.js';

/** A setting's options by their path in the configuration, such as `optimizer.learningRate`, as text. */
export type SettingOptions = ReadonlyMap<string, string>;

/** Not options of a setting: they are the run's, or say nothing about the training. */
const leftOut = new Set(['version', 'seed', 'limits', 'diagnostics']);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Flattens a trial's configuration; lists are one value. */
export function flattenOptions(config: unknown): SettingOptions {
  const options = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (isRecord(value)) {
      for (const [key, inner] of Object.entries(value)) {
        if (path === '' && leftOut.has(key)) continue;
        walk(inner, path === '' ? key : `${path}.${key}`);
      }
    } else if (path !== '') options.set(path, textOf(value));
  };
  walk(config, '');
  return options;
}

/** Shown where a setting does not have an option that another has. */
const absent = '–';

/** An option that is not the same in all of some settings. */
export interface DifferingOption {
  readonly path: string;
  /** In the order of the settings. */
  readonly values: readonly string[];
}

/** What the settings do not have in common, by path. */
export function differingOptions(settings: readonly SettingOptions[]): DifferingOption[] {
  const paths = [...new Set(settings.flatMap((options) => [...options.keys()]))].sort();
  return paths
    .map((path) => ({ path, values: settings.map((options) => options.get(path) ?? absent) }))
    .filter(({ values }) => new Set(values).size > 1);
}
