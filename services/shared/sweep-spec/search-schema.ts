import { z } from 'zod';
import { samplerNames, samplers, type SamplerName } from '../catalog/samplers.js';

/** What `search:` of a spec says. */
export type Search = {
  [Name in SamplerName]: { sampler: Name } & z.output<(typeof samplers)[Name]['options']>;
}[SamplerName];

const entries = samplerNames.map((sampler) =>
  z.strictObject({
    sampler: z.literal(sampler).describe(samplers[sampler].description),
    ...samplers[sampler].options.shape,
  }),
);

// Built from the catalog's table, which TypeScript cannot follow; the type above says it.
export const searchField = z.discriminatedUnion(
  'sampler',
  entries as unknown as [(typeof entries)[0] & object],
) as unknown as z.ZodType<Search, object>;
