import { z } from 'zod';
import { taskKinds, type MetricInfo } from './metrics.js';
import { weightingNames } from './weightings.js';

/** Names of commands in a worker's settings, and so in specs. */
export const commandName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be letters, digits, ".", "_" and "-", the first a letter or digit');

/** Names of declared tasks and metrics: they stand in reports, files and addresses. */
const plainName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9_.-]*$/, 'must be letters, digits, "_", "." and "-", the first a letter');

/** Stands for the whole trial in reports, so that no task can be called so. */
const reservedTask = 'trial';

const shortText = z.string().min(1).max(100);

/** A metric that is declared and not of a task kind. */
export const declaredMetric = z.strictObject({
  name: plainName.describe('As the program reports it.'),
  better: z.enum(['higher', 'lower']).describe('Which values are better.'),
  label: shortText.optional().describe('Shown in tables and charts; the name if left out.'),
  unit: z.string().max(20).default('').describe('Shown behind the label.'),
  scale: z.number().positive().max(1e12).default(1).describe('Multiplied in before showing, such as 100 for %.'),
  decimals: z.int().min(0).max(10).default(3).describe('Decimals shown.'),
});
type DeclaredMetric = z.output<typeof declaredMetric>;

const declaredTask = z
  .strictObject({
    kind: z.enum(taskKinds).optional().describe('Takes the metrics of a task kind.'),
    metrics: z
      .array(declaredMetric)
      .min(1)
      .max(16)
      .refine((metrics) => new Set(metrics.map(({ name }) => name)).size === metrics.length, 'must not repeat a name')
      .optional()
      .describe('Or its own metrics; the table and Δm use the first.'),
    label: shortText.optional().describe('Shown in tables and charts; the name if left out.'),
  })
  .refine(({ kind, metrics }) => (kind === undefined) !== (metrics === undefined), 'must have either kind or metrics');

/** Every trial carries the options, so they are bounded, in characters of JSON. */
const longestOptions = 16_384;

/** Options of `data:` for a workload that runs a command. */
export const commandOptions = z.strictObject({
  command: commandName.describe('Which of the commands in the settings of the workers is run.'),
  tasks: z
    .record(plainName, declaredTask)
    .refine((tasks) => Object.keys(tasks).length > 0, 'must not be empty')
    .refine((tasks) => Object.keys(tasks).length <= 16, 'must have at most 16 tasks')
    .refine((tasks) => !Object.hasOwn(tasks, reservedTask), `must not have a task named ${reservedTask}`)
    .describe('What the program trains: the metrics of each task, by its name.'),
  options: z
    .record(z.string(), z.json())
    .refine((options) => JSON.stringify(options).length <= longestOptions, {
      error: `must have at most ${String(longestOptions)} characters as JSON`,
    })
    .default({})
    .describe('Anything the program wants to know; handed to it as it is.'),
  weightings: z
    .array(z.enum(weightingNames))
    .optional()
    .describe(
      'Weightings that the program implements beside constant weights; others are then refused when the sweep is planned.',
    ),
});
export type CommandOptions = z.output<typeof commandOptions>;

/** A declared metric in the form of the catalog. */
export function filledMetric({ label, ...metric }: DeclaredMetric): MetricInfo {
  return { ...metric, label: label ?? metric.name };
}
