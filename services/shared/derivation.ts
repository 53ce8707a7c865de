import { z } from 'zod';

/** Δm over the tasks; any other criterion is the name of a task, whose primary metric is meant. */
export const deltaCriterion = 'delta-m';

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
  z.strictObject({
    /** The point of the grid that is best on the validation split. */
    kind: z.literal('best-point'),
    criterion: z.string(),
  }),
]);
export type Derivation = z.infer<typeof derivation>;
