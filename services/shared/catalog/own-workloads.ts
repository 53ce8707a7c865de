import { z } from 'zod';
import { declaredMetric } from './command-options.js';
import { brokenOption, taskName, takenNames } from './data-sets.js';
import { taskKinds } from './metrics.js';

/** Names of workloads that workers bring along. */
export const ownWorkloadName = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9-]*$/, 'must be small letters, digits and "-", the first a letter');

/** Of its code, so that numbers of different code never stand in one table. */
const workloadVersion = z.string().regex(/^[0-9a-f]{12}$/);

/** A task as its workload declares it: what tables and charts need to know of it. */
const ownTask = z.strictObject({
  kind: z.enum(taskKinds),
  label: z.string().min(1).max(100).optional(),
  /** Its own metrics; they stand before those of its kind. */
  metrics: z.array(declaredMetric).max(8).default([]),
});

const ownTasks = z
  .record(taskName, ownTask)
  .refine((tasks) => Object.keys(tasks).length > 0, 'must not be empty')
  .refine((tasks) => Object.keys(tasks).length <= 16, 'must have at most 16 tasks')
  .refine(
    (tasks) => !takenNames.some((name) => Object.hasOwn(tasks, name)),
    `must not have a task named ${takenNames.join(', ')}`,
  );

/** Every worker says this every few seconds, and the coordinator keeps it: characters of JSON. */
const longestEntry = 32_768;

/**
 * What a worker tells of a workload that it brings along: everything that planning, checking and comparing need, and
 * nothing that has to be run.
 */
export const ownWorkloadEntry = z
  .strictObject({
    name: ownWorkloadName,
    version: workloadVersion,
    description: z.string().max(1000),
    tasks: ownTasks,
    /** JSON Schema of its options. */
    options: z.record(z.string(), z.json()),
    /** The spec's `model` where a spec says none. */
    model: z.record(z.string(), z.json()).optional(),
  })
  .refine((entry) => JSON.stringify(entry).length <= longestEntry, {
    error: `must have at most ${String(longestEntry)} characters as JSON`,
  });
export type OwnWorkloadEntry = z.output<typeof ownWorkloadEntry>;

/** So many a worker can bring along. */
export const mostOwnWorkloads = 20;

/** The workloads that workers have brought along, by name. */
export type OwnWorkloads = ReadonlyMap<string, OwnWorkloadEntry>;

/** What a worker has that can train a workload it brought along, beside the commands that it may run. */
export const claimedWorkload = z.string().regex(/^workload:[a-z][a-z0-9-]{0,63}@[0-9a-f]{12}$/);

export function claimedWorkloadOf({ name, version }: Pick<OwnWorkloadEntry, 'name' | 'version'>): string {
  return `workload:${name}@${version}`;
}

/** What a worker must have to train a sweep's trials: a command, or a workload that it brought along. */
export function commandsNeededBy(spec: { readonly workload: string; readonly data?: unknown }): string[] {
  if (spec.workload === 'own') {
    const own = ownOptions.pick({ name: true, version: true }).loose().safeParse(spec.data);
    return own.success ? [claimedWorkloadOf(own.data)] : [];
  }
  if (spec.workload !== 'command') return [];
  const command = z.object({ command: z.string() }).safeParse(spec.data);
  return command.success ? [command.data.command] : [];
}

/** Options of `data:` for a workload that workers bring along. */
export const ownOptions = z.strictObject({
  name: ownWorkloadName.describe('Which of the workloads that workers bring along (SIGMASWEEP_WORKLOADS).'),
  options: z.record(z.string(), z.json()).default({}).describe('Its own options, as it declares them.'),
  broken: brokenOption,
  tasks: ownTasks.describe('Filled in when the spec is read: what the workload declares.'),
  version: workloadVersion.describe('Filled in when the spec is read: of the workload’s code.'),
});
export type OwnOptions = z.output<typeof ownOptions>;
