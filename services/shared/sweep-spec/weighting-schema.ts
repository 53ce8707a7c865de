import { z } from 'zod';
import { derivedMethods, derivedRows, type DerivedMethod } from '../catalog/derived-rows.js';
import { weightingNames, weightings, type WeightingConfig, type WeightingName } from '../catalog/weightings.js';
import { deltaCriterion } from '../derivation.js';
import { quote } from './describe-issue.js';
import { distinct, nameOf, shownText, taskWeights } from './field-kinds.js';
import { subsetNames, type Subsets } from './subsets.js';

/** Options of weightings that name tasks, so that only the spec's tasks are allowed there. */
function optionsOfTasks(tasks: readonly string[] | undefined): Partial<Record<WeightingName, z.ZodRawShape>> {
  return {
    fixed: {
      weights: taskWeights(tasks).describe('Weight of each task; a task left out has weight 0 and is not trained.'),
    },
  };
}

/** An entry of `weightings:`: a method's options beside the tasks it is for. */
export type SpecWeighting = WeightingConfig & {
  tasks?: string[] | undefined;
  subsets?: Subsets | undefined;
  label?: string | undefined;
};

/** An entry of `weightings:` whose weights come from other rows. */
export type SpecDerived = {
  [Method in DerivedMethod]: { method: Method; label?: string | undefined } & z.output<
    (typeof derivedRows)[Method]['options']
  >;
}[DerivedMethod];

export type SpecEntry = SpecWeighting | SpecDerived;

export function isDerived<Entry extends { readonly method: string }>(
  entry: Entry,
): entry is Extract<Entry, { method: DerivedMethod }> {
  return Object.hasOwn(derivedRows, entry.method);
}

const label = shownText(100).describe('Name of the row in the comparison.').optional();

/** @param tasks those of the sweep; undefined where that is not known */
export function weightingOf(tasks: readonly string[] | undefined): z.ZodType<SpecEntry> {
  const overrides = optionsOfTasks(tasks);
  const entries = weightingNames.map((method) =>
    z
      .strictObject({
        method: z.literal(method).describe(weightings[method].description),
        ...weightings[method].options.shape,
        ...overrides[method],
        tasks: distinct(nameOf(tasks), 16).describe('The tasks it is for; all of the sweep if left out.').optional(),
        ...(method === 'fixed' ? {} : { subsets: subsetsField }),
        label,
      })
      .superRefine((entry, context) => {
        const message = faultOfTasks(entry as unknown as SpecWeighting, tasks);
        if (message !== undefined) context.addIssue({ code: 'custom', path: ['tasks'], message });
      }),
  );
  // Built from the catalogs' tables, which TypeScript cannot follow; their own types say the type.
  const union = z.discriminatedUnion('method', [...entries, ...derivedEntries(tasks)] as unknown as [
    z.ZodObject<{ method: z.ZodLiteral<string> }>,
  ]);
  return union as unknown as z.ZodType<SpecEntry>;
}

const subsetsField = z
  .enum(subsetNames)
  .describe('One row for every pair of its tasks, or for every choice of two or more of them.')
  .optional();

function derivedEntries(tasks: readonly string[] | undefined) {
  const { shape } = derivedRows['approx-optimal'].options;
  const criterion = nameOf(tasks === undefined ? undefined : [deltaCriterion, ...tasks]).default(deltaCriterion);
  const ofTasks = {
    'approx-optimal': { criterion: criterion.describe(shape.criterion.description ?? '') },
    replay: {},
  };
  return derivedMethods.map((method) =>
    z.strictObject({
      method: z.literal(method).describe(derivedRows[method].description),
      ...derivedRows[method].options.shape,
      ...ofTasks[method],
      label,
    }),
  );
}

/** What is wrong with the tasks that a weighting is for. */
function faultOfTasks(entry: SpecWeighting, sweepTasks: readonly string[] | undefined): string | undefined {
  const tasks = entry.tasks ?? sweepTasks;
  if ((weightings[entry.method].learned || entry.subsets !== undefined) && tasks?.length === 1) {
    const purpose = entry.subsets === undefined ? 'weights to be learned' : 'subsets to be made';
    return `must be two or more, for ${purpose}; found ${tasks.map(quote).join(', ')}`;
  }
  if (entry.method !== 'fixed' || entry.tasks === undefined) return undefined;
  const weighted = trainedTasks(entry.weights);
  if (weighted.length === entry.tasks.length && entry.tasks.every((task) => weighted.includes(task))) return undefined;
  return `must be the tasks of a weight above 0 (${weighted.join(', ')}) or left out; found ${entry.tasks.join(', ')}`;
}

/** Tasks of a weight above 0. */
export function trainedTasks(weights: Readonly<Record<string, number>>): string[] {
  return Object.keys(weights).filter((task) => (weights[task] ?? 0) > 0);
}
