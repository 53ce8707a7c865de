import type { OptimizerConfig, OptimizerName } from '../../shared/catalog/optimizers.js';
import { adam } from './adam.js';
import { descent, type Decay } from './descent.js';
import type { Optimizer, TrainedVariable, UpdateRuleFactory } from './optimizer.js';
import { sgd } from './sgd.js';

type Options<Name extends OptimizerName> = Extract<OptimizerConfig, { name: Name }>;

interface OptimizerImplementation<Options> {
  readonly rule: UpdateRuleFactory<Options>;
  readonly decay: Decay;
}

/** Every optimizer's implementation. A new one is an entry in the catalog, its update rule and one line here. */
export const optimizerImplementations: {
  readonly [Name in OptimizerName]: OptimizerImplementation<Options<Name>>;
} = {
  adam: { rule: adam, decay: 'coupled' },
  adamw: { rule: adam, decay: 'decoupled' },
  sgd: { rule: sgd, decay: 'coupled' },
};

/** Makes the optimizer that a trial's configuration asks for. */
export function createOptimizer(config: OptimizerConfig, variables: readonly TrainedVariable[]): Optimizer {
  // The table's type ties each name to its own options; TypeScript cannot follow that through an index by a union.
  const { rule, decay } = optimizerImplementations[config.name] as OptimizerImplementation<OptimizerConfig>;
  return descent(config, variables, (length) => rule(config, length), decay);
}
