import { z } from 'zod';
import { deltaCriterion } from '../derivation.js';
import { distinct } from './field-kinds.js';

/** What `tuning:` of a spec says. */
export const tuningField = z.strictObject({
  learningRates: distinct(z.number().positive().max(100), 50)
    .min(2)
    .describe('Every row is trained with each of these instead of the optimizer’s learning rate, with every seed.'),
  metric: z
    .string()
    .max(130)
    .default(deltaCriterion)
    .describe(
      'What a rate is chosen by, on the validation split: `delta-m`, a task for its first metric, or `task.metric`. Single-task rows go by their own task.',
    ),
});
export type Tuning = z.infer<typeof tuningField>;
