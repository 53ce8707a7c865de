import type { WeightingConfig, WeightingName } from '../../shared/catalog/weightings.js';

/** The options of one weighting, as its factory gets them. */
export type OptionsOf<Name extends WeightingName> = Omit<Extract<WeightingConfig, { method: Name }>, 'method'>;
