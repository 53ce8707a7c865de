import type { WeightingConfig, WeightingName } from '../../shared/catalog/weightings.js';
import { alignedMtl } from './aligned-mtl.js';
import { cagrad } from './cagrad.js';
import { dtp } from './dtp.js';
import { dwa } from './dwa.js';
import { equal } from './equal.js';
import { famo } from './famo.js';
import { fixed } from './fixed.js';
import { geometric } from './geometric.js';
import { graddrop } from './graddrop.js';
import { gradnorm } from './gradnorm.js';
import { gradvac } from './gradvac.js';
import { imtlG } from './imtl-g.js';
import { imtlL } from './imtl-l.js';
import { imtl } from './imtl.js';
import { mgda } from './mgda.js';
import { nashMtl } from './nash-mtl.js';
import type { OptionsOf } from './options.js';
import { pcgrad } from './pcgrad.js';
import { random } from './random.js';
import { scaleInvariant } from './scale-invariant.js';
import { softOptimal } from './soft-optimal.js';
import { uncertainty } from './uncertainty.js';
import type { WeightedTask, Weighting, WeightingFactory } from './weighting.js';

/** Every weighting's implementation. A new one is an entry in the catalog, one file here and one line here. */
export const weightingImplementations: { readonly [Name in WeightingName]: WeightingFactory<OptionsOf<Name>> } = {
  fixed,
  equal,
  uncertainty,
  'soft-optimal': softOptimal,
  dwa,
  random,
  geometric,
  'scale-invariant': scaleInvariant,
  'imtl-l': imtlL,
  dtp,
  famo,
  gradnorm,
  'imtl-g': imtlG,
  imtl,
  mgda,
  pcgrad,
  gradvac,
  graddrop,
  cagrad,
  'nash-mtl': nashMtl,
  'aligned-mtl': alignedMtl,
};

/** Makes the weighting that a trial's configuration asks for. */
export function createWeighting(config: WeightingConfig, tasks: readonly WeightedTask[], seed: number): Weighting {
  // The table's type ties each name to its own options; TypeScript cannot follow that through an index by a union.
  const create = weightingImplementations[config.method] as WeightingFactory<WeightingConfig>;
  return create(config, tasks, seed);
}
