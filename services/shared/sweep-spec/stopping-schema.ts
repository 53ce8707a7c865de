import { z } from 'zod';
import { exemptKinds, stoppingRuleNames, stoppingRules, type ExemptKind } from '../catalog/stopping-rules.js';
import { deltaCriterion } from '../derivation.js';

/** What `stopping:` of a spec says. */
export type Stopping = { metric: string; exempt: ExemptKind[] } & {
  [Rule in keyof typeof stoppingRules]: { rule: Rule } & z.output<(typeof stoppingRules)[Rule]['options']>;
}[keyof typeof stoppingRules];

export const criterionField = z.string().max(130).default(deltaCriterion);

const entries = stoppingRuleNames.map((rule) =>
  z.strictObject({
    rule: z.literal(rule).describe(stoppingRules[rule].description),
    metric: criterionField.describe(
      'What trainings are ranked by, on the validation split: `delta-m`, a task for its first metric, or `task.metric`.',
    ),
    ...stoppingRules[rule].options.shape,
    exempt: z
      .array(z.enum(exemptKinds))
      .max(exemptKinds.length)
      .default([...exemptKinds])
      .describe(
        'Rows that are always trained to the end: the single-task `baselines`, and those of `learned` weightings. Rows whose weights come from other rows always are.',
      ),
  }),
);

// Built from the catalog's table, which TypeScript cannot follow; the type above says it.
export const stoppingField = z.discriminatedUnion(
  'rule',
  entries as unknown as [(typeof entries)[0] & object],
) as unknown as z.ZodType<Stopping, object>;
