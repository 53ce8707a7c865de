import type { z } from 'zod';
import { canonicalJson } from '../canonical-json.js';
import { models as catalog } from '../catalog/models.js';
import { weightings, type WeightingConfig } from '../catalog/weightings.js';
import { deltaCriterion, type Derivation } from '../derivation.js';
import type { SweepModel } from '../sweep-spec/model-schema.js';

/**
 * A setting's key: readable, the same in every plan of a spec, and different for what is trained differently, because it
 * names the weights, or the method with its tasks and every option that is not at its default.
 */
export function keyOf(weighting: WeightingConfig, tasks: readonly string[]): string {
  if (weighting.method === 'fixed') return tasks.map((task) => `${task}=${weighting.weights[task] ?? 0}`).join(',');
  const options = changedOptions(weighting, weightings[weighting.method].options.shape).map(
    ([name, value]) => `:${name}=${optionText(value)}`,
  );
  return `${weighting.method}:${tasks.join('+')}${options.join('')}`;
}

const rateMark = '@learningRate=';

/** The key of a setting with one of several learning rates. */
export function tunedKey(key: string, learningRate: number): string {
  return `${key}${rateMark}${learningRate}`;
}

/** What the keys of a setting's learning rates have in common. */
export function untunedKey(key: string): string {
  return key.split(rateMark)[0] ?? key;
}

const searchKey = 'search:';

/** Whether a row is a point that a search chose while the sweep ran. */
export function isSearchedPoint({ key }: { readonly key: string }): boolean {
  return key.startsWith(searchKey) || key.includes(`/${searchKey}`);
}

/** The key of a row whose weights come from other rows: it names how, because the weights are not known yet. */
export function keyOfDerived(derivation: Derivation, freshSeeds: boolean): string {
  if (derivation.kind === 'best-point') {
    const criterion = derivation.criterion === deltaCriterion ? '' : `:${derivation.criterion}`;
    return `approx-optimal${criterion}${freshSeeds ? '' : ':seeds=sweep'}`;
  }
  if (derivation.kind === 'search') {
    const { search, round, place } = derivation;
    return `${searchKey}${search.sampler}:${search.initial + (round - 1) * search.batch + place + 1}`;
  }
  const { of, over, normalised } = derivation;
  return `replay:${of}${over === 'mean' ? ':over=mean' : ''}${normalised ? ':normalised' : ''}`;
}

/** A setting's name in the table: "semantic 0.9 · depth 0.1", "depth only", "task uncertainty (semantic, depth)". */
export function labelOf(weighting: WeightingConfig, tasks: readonly string[]): string {
  if (weighting.method !== 'fixed') {
    const options = changedOptions(weighting, weightings[weighting.method].options.shape).map(
      ([name, value]) => `${name} ${optionText(value)}`,
    );
    return `${weightings[weighting.method].label} (${[tasks.join(', '), ...options].join('; ')})`;
  }
  const weights = tasks.map((task) => ({ task, weight: weighting.weights[task] ?? 0 }));
  const [first, second] = weights;
  if (first !== undefined && second === undefined) {
    return first.weight === 1 ? `${first.task} only` : `${first.task} only (weight ${weightText(first.weight)})`;
  }
  return weightsText(tasks, weighting.weights);
}

/** "semantic 0.9 · depth 0.1" */
export function weightsText(tasks: readonly string[], weights: Readonly<Record<string, number>>): string {
  return tasks.map((task) => `${task} ${weightText(weights[task] ?? 0)}`).join(' · ');
}

/** An architecture's names in keys and labels: what tells it from the others of its sweep. */
export interface ModelNames {
  readonly key: string;
  readonly label: string;
}

/** Of each of a sweep's architectures; empty for the only one. */
export function modelNames(models: readonly Pick<SweepModel, 'config' | 'label'>[]): ModelNames[] {
  if (models.length < 2) return models.map(() => ({ key: '', label: '' }));
  const differing = (['encoder', 'head'] as const).filter(
    (part) => new Set(models.map(({ config }) => canonicalJson(config[part]))).size > 1,
  );
  return models.map(({ config, label }) => {
    const own = changedOptions(config, catalog[config.name].options.shape).filter(
      ([name]) => name !== 'encoder' && name !== 'head',
    );
    const options = [...own, ...differing.map((part): [string, unknown] => [part, config[part]])];
    const written = options.map(([name, value]) => `${name} ${optionText(value)}`);
    return {
      key: [config.name, ...options.map(([name, value]) => `${name}=${optionText(value)}`)].join(':'),
      label: label ?? `${catalog[config.name].label}${written.length === 0 ? '' : ` (${written.join('; ')})`}`,
    };
  });
}

/** The options that are not at the catalog's default, in its order. */
function changedOptions(config: object, options: Readonly<Record<string, z.ZodType>>): [string, unknown][] {
  const given = new Map<string, unknown>(Object.entries(config));
  return Object.entries(options)
    .map(([name, schema]): [string, unknown, unknown] => [name, given.get(name), schema.safeParse(undefined).data])
    .filter(([, value, usual]) => canonicalJson(value) !== canonicalJson(usual))
    .map(([name, value]) => [name, value]);
}

function optionText(value: unknown): string {
  return typeof value === 'string' ? value : canonicalJson(value);
}

/** Six digits say enough of 1/3. */
function weightText(weight: number): string {
  return String(Number(weight.toPrecision(6)));
}
