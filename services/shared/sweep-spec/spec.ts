import type { z } from 'zod';
import type { TransferConfig } from '../catalog/transfer.js';
import type { UncertaintyConfig } from '../catalog/uncertainty.js';
import type { SpecModel } from './model-schema.js';
import type { sweepSpecFields } from './schema.js';
import type { Search } from './search-schema.js';
import type { Stopping } from './stopping-schema.js';
import type { Tuning } from './tuning-schema.js';
import type { SpecDerived, SpecWeighting } from './weighting-schema.js';

type Fields = ReturnType<typeof sweepSpecFields>;

/**
 * A validated sweep spec: every default filled in, `quick` resolved, each weighting with its tasks in the sweep's order.
 * It is a spec itself and parses to itself.
 */
export type SweepSpec = Omit<
  { [Name in keyof Fields]: z.output<Fields[Name]> },
  'weightings' | 'grid' | 'models' | 'transfer' | 'uncertainty' | 'search' | 'tuning' | 'stopping'
> & {
  grid?: z.output<Fields['grid']>;
  models?: SpecModel[];
  transfer?: TransferConfig;
  search?: Search;
  tuning?: Tuning;
  uncertainty?: UncertaintyConfig;
  stopping?: Stopping;
  weightings: (FilledWeighting | SpecDerived)[];
};

/** A weighting with the tasks it is for. */
export type FilledWeighting = SpecWeighting & { tasks: string[] };
