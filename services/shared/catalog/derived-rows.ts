import { z } from 'zod';

/** A row whose constant weights come from what other rows of the sweep ended with. */
export interface DerivedRowInfo {
  readonly label: string;
  readonly description: string;
  readonly source: string;
  readonly options: z.ZodObject;
}

/** Methods of `weightings:` that train fixed weights which are known only when other rows are trained. */
export const derivedRows = {
  replay: {
    label: 'replay',
    description:
      'Trains with the weights that a learned row ended with, held fixed from the start: does the schedule matter, or only where it ended?',
    source: 'an ablation of learned weightings; Kurin et al. 2022 and Xin et al. 2022 ask for it',
    options: z.strictObject({
      of: z
        .string()
        .min(1)
        .max(100)
        .describe('The learned row: its label, or its method where only one entry of `weightings` has it.'),
      over: z
        .enum(['seed', 'mean'])
        .default('seed')
        .describe('Each seed replays the run with the same seed, or all replay the mean over the row’s seeds.'),
      normalised: z
        .boolean()
        .default(false)
        .describe('Scale the weights to sum 1, as those of a grid; otherwise they are used as they ended.'),
    }),
  },
  'approx-optimal': {
    label: 'approx. optimal weights',
    description:
      'Trains with the weights of the grid’s best point, chosen on the validation split when the grid is done. Points that do not train every task are not chosen.',
    source: 'Kendall, Gal & Cipolla 2018, table 1 ("approx. optimal weights")',
    options: z.strictObject({
      criterion: z
        .string()
        .max(64)
        .default('delta-m')
        .describe(
          'What decides: `delta-m`, the mean change against the single-task networks, or a task’s name for its first metric.',
        ),
      seeds: z
        .enum(['fresh', 'sweep'])
        .default('fresh')
        .describe(
          'Seeds that chose nothing, so that the row owes nothing to the luck of those that did; or those of the sweep, which train the chosen point once more.',
        ),
    }),
  },
} as const satisfies Record<string, DerivedRowInfo>;

export type DerivedMethod = keyof typeof derivedRows;
export const derivedMethods = Object.keys(derivedRows) as DerivedMethod[];
