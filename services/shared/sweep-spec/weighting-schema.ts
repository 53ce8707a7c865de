import { z } from 'zod';
import { weightingNames, weightings, type WeightingConfig, type WeightingName } from '../catalog/weightings.js';
import { quote } from './describe-issue.js';
import { distinct, nameOf, shownText, taskWeights } from './field-kinds.js';

/** Options of weightings that name tasks, so that only the spec's tasks are allowed there. */
function optionsOfTasks(tasks: readonly string[] | undefined): Partial<Record<WeightingName, z.ZodRawShape>> {
  return {
    fixed: {
      weights: taskWeights(tasks).describe('Weight of each task; a task left out has weight 0 and is not trained.'),
    },
  };
}

/** An entry of `weightings:`: a method's options beside the tasks it is for. */
export type SpecWeighting = WeightingConfig & { tasks?: string[] | undefined; label?: string | undefined };

/** @param tasks those of the sweep; undefined where that is not known */
export function weightingOf(tasks: readonly string[] | undefined): z.ZodType<SpecWeighting> {
  const overrides = optionsOfTasks(tasks);
  const entries = weightingNames.map((method) =>
    z
      .strictObject({
        method: z.literal(method).describe(weightings[method].description),
        ...weightings[method].options.shape,
        ...overrides[method],
        tasks: distinct(nameOf(tasks), 16).describe('The tasks it is for; all of the sweep if left out.').optional(),
        label: shownText(100).describe('Name of the row in the comparison.').optional(),
      })
      .superRefine((entry, context) => {
        const message = faultOfTasks(entry as unknown as SpecWeighting, tasks);
        if (message !== undefined) context.addIssue({ code: 'custom', path: ['tasks'], message });
      }),
  );
  // Built from the catalog's table, which TypeScript cannot follow; the catalog's own union says the type.
  const union = z.discriminatedUnion('method', entries as unknown as [z.ZodObject<{ method: z.ZodLiteral<string> }>]);
  return union as unknown as z.ZodType<SpecWeighting>;
}

/** What is wrong with the tasks that a weighting is for. */
function faultOfTasks(entry: SpecWeighting, sweepTasks: readonly string[] | undefined): string | undefined {
  const tasks = entry.tasks ?? sweepTasks;
  if (weightings[entry.method].learned && tasks?.length === 1) {
    return `must be two or more, for weights to be learned; found ${tasks.map(quote).join(', ')}`;
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
