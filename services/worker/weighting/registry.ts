import type { WeightingConfig, WeightingName } from '../../shared/catalog/weightings.js';
import { equal } from './equal.js';
import { fixed } from './fixed.js';
import { uncertainty } from './uncertainty.js';
import type { WeightedTask, Weighting, WeightingFactory } from './weighting.js';

type Options<Name extends WeightingName> = Extract<WeightingConfig, { method: Name }>;

/** Every weighting's implementation. A new one is an entry in the catalog, one file here and one line here. */
export const weightingImplementations: { readonly [Name in WeightingName]: WeightingFactory<Options<Name>> } = {
  fixed,
  equal,
  uncertainty,
};

/** Makes the weighting that a trial's configuration asks for. */
export function createWeighting(config: WeightingConfig, tasks: readonly WeightedTask[], seed: number): Weighting {
  // The table's type ties each name to its own options; TypeScript cannot follow that through an index by a union.
  const create = weightingImplementations[config.method] as WeightingFactory<WeightingConfig>;
  return create(config, tasks, seed);
}
