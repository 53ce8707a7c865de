import type { OptimizerConfig, OptimizerName } from '../../shared/catalog/optimizers.js';
import { adam } from './adam.js';
import type { Optimizer, OptimizerFactory, TrainedVariable } from './optimizer.js';
import { sgd } from './sgd.js';

type Options<Name extends OptimizerName> = Extract<OptimizerConfig, { name: Name }>;

/** Every optimizer's implementation. A new one is an entry in the catalog, one file here and one line here. */
export const optimizerImplementations: { readonly [Name in OptimizerName]: OptimizerFactory<Options<Name>> } = {
  adam,
  sgd,
};

/** Makes the optimizer that a trial's configuration asks for. */
export function createOptimizer(config: OptimizerConfig, variables: readonly TrainedVariable[]): Optimizer {
  // The table's type ties each name to its own options; TypeScript cannot follow that through an index by a union.
  const create = optimizerImplementations[config.name] as OptimizerFactory<OptimizerConfig>;
  return create(config, variables);
}
