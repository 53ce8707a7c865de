import type { SamplerName } from '../catalog/samplers.js';
import { quasiRandom } from './quasi-random.js';
import { random } from './random.js';
import { refinement } from './refinement.js';
import type { Sampler } from './sampler.js';
import { tpe } from './tpe.js';

/** Every sampler of the catalog. */
export const samplerOf: Readonly<Record<SamplerName, Sampler>> = {
  random,
  sobol: quasiRandom,
  refine: refinement,
  tpe,
};
