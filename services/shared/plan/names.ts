import type { z } from 'zod';
import { canonicalJson } from '../canonical-json.js';
import { weightings, type WeightingConfig } from '../catalog/weightings.js';

/**
 * A setting's key: readable, the same in every plan of a spec, and different for what is trained differently, because it
 * names the weights, or the method with its tasks and every option that is not at its default.
 */
export function keyOf(weighting: WeightingConfig, tasks: readonly string[]): string {
  if (weighting.method === 'fixed') return tasks.map((task) => `${task}=${weighting.weights[task] ?? 0}`).join(',');
  const options = changedOptions(weighting).map(([name, value]) => `:${name}=${optionText(value)}`);
  return `${weighting.method}:${tasks.join('+')}${options.join('')}`;
}

/** A setting's name in the table: "semantic 0.9 · depth 0.1", "depth only", "task uncertainty (semantic, depth)". */
export function labelOf(weighting: WeightingConfig, tasks: readonly string[]): string {
  if (weighting.method !== 'fixed') {
    const options = changedOptions(weighting).map(([name, value]) => `${name} ${optionText(value)}`);
    return `${weightings[weighting.method].label} (${[tasks.join(', '), ...options].join('; ')})`;
  }
  const weights = tasks.map((task) => ({ task, weight: weighting.weights[task] ?? 0 }));
  const [first, second] = weights;
  if (first !== undefined && second === undefined) {
    return first.weight === 1 ? `${first.task} only` : `${first.task} only (weight ${weightText(first.weight)})`;
  }
  return weights.map(({ task, weight }) => `${task} ${weightText(weight)}`).join(' · ');
}

/** The options that are not at the catalog's default, in its order. */
function changedOptions(weighting: WeightingConfig): [string, unknown][] {
  const given = new Map<string, unknown>(Object.entries(weighting));
  const options: Readonly<Record<string, z.ZodType>> = weightings[weighting.method].options.shape;
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
