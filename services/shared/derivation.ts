import { z } from 'zod';

/** Δm over the tasks; any other criterion is the name of a task, whose primary metric is meant. */
export const deltaCriterion = 'delta-m';

const searchDerivation = z.strictObject({
  /** A point of a search, chosen by what those of earlier rounds reached. */
  kind: z.literal('search'),
  search: z.strictObject({
    sampler: z.enum(['refine', 'tpe']),
    points: z.int(),
    initial: z.int(),
    batch: z.int(),
    least: z.number(),
    seed: z.int(),
    metric: z.string(),
  }),
  /** From 1; what is trained before anything is known is round 0. */
  round: z.int().min(1),
  /** Within the round. */
  place: z.int().min(0),
});
export type SearchDerivation = z.infer<typeof searchDerivation>;

/**
 * How the constant weights of a trial follow from other trials of its sweep. It is stored with the trial, so that what
 * was done can be done again; the weights themselves are filled into the trial's configuration when they are known.
 */
export const derivation = z.discriminatedUnion('kind', [
  z.strictObject({
    /** The weights that a learned run ended with. */
    kind: z.literal('replay'),
    /** Key of the learned row. */
    of: z.string(),
    /** `seed`: of the run with the trial's own seed; `mean`: the mean over the row's seeds. */
    over: z.enum(['seed', 'mean']),
    /** Whether they are scaled to sum 1, as the grid's are. */
    normalised: z.boolean(),
  }),
  searchDerivation,
  z.strictObject({
    /** The point of the grid that is best on the validation split. */
    kind: z.literal('best-point'),
    criterion: z.string(),
  }),
]);
export type Derivation = z.infer<typeof derivation>;
