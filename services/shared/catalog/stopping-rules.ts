import { z } from 'zod';

export interface StoppingRuleInfo {
  readonly label: string;
  readonly description: string;
  readonly source: string;
  readonly options: z.ZodObject;
}

const minEpochs = z.int().min(1).max(100_000);

/** When a training that falls behind the others is ended before its last epoch. */
export const stoppingRules = {
  asha: {
    label: 'ASHA',
    description:
      'At the epochs minEpochs, minEpochs × reduction, … only the best 1/reduction of the settings that have got there go on.',
    source: 'Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning" (MLSys), in the form that stops',
    options: z.strictObject({
      minEpochs: minEpochs.default(1).describe('Epochs that every setting is trained.'),
      reduction: z.int().min(2).max(16).default(3).describe('One in so many goes on.'),
    }),
  },
  median: {
    label: 'median rule',
    description:
      'A setting is stopped when the best that it has reached is worse than the median of the others’ running means at the same epoch.',
    source: 'Golovin et al. 2017, "Google Vizier" (KDD), section 3.2.2',
    options: z.strictObject({
      minEpochs: minEpochs.default(2).describe('Epochs that every setting is trained.'),
      minSettings: z
        .int()
        .min(2)
        .max(1000)
        .default(4)
        .describe('So many other settings must have got to the same epoch, or nothing is stopped.'),
    }),
  },
} as const satisfies Record<string, StoppingRuleInfo>;

export type StoppingRuleName = keyof typeof stoppingRules;
export const stoppingRuleNames = Object.keys(stoppingRules) as StoppingRuleName[];

/** Rows that can be kept from being stopped. Those whose weights come from other rows always are. */
export const exemptKinds = ['baselines', 'learned'] as const;
export type ExemptKind = (typeof exemptKinds)[number];
