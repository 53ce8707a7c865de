import { z } from 'zod';
import { modelField } from '../../../shared/sweep-spec/schema.js';
import { metricsOfKind } from '../../../shared/catalog/metrics.js';
import { ownWorkloadEntry, type OwnWorkloadEntry } from '../../../shared/catalog/own-workloads.js';
import { SigmasweepError } from '../../../shared/errors.js';
import { noOptions, type Definition, type Tasks } from './define.js';

/**
 * What a worker tells of a workload.
 * @param version of its code
 * @param place where it is from, for errors
 * @throws SigmasweepError WORKLOAD_INVALID with every fault
 */
export function entryOf(definition: Definition<Tasks, z.ZodObject>, version: string, place: string): OwnWorkloadEntry {
  const { name, description = '', tasks, options, model, metrics = {} } = definition;
  const faults: string[] = [];
  const told = ownWorkloadEntry.safeParse({
    name,
    version,
    description,
    tasks: Object.fromEntries(
      Object.entries(tasks).map(([task, { kind, label }]) => [
        task,
        {
          kind,
          ...(label === undefined ? {} : { label }),
          metrics: Object.entries(metrics[task] ?? {}).map(
            ([metric, { better, label: shown, unit, scale, decimals }]) =>
              withoutUndefined({ name: metric, better, label: shown, unit, scale, decimals }),
          ),
        },
      ]),
    ),
    options: jsonSchemaOf(options ?? noOptions, faults),
    ...(model === undefined ? {} : { model }),
  });
  if (!told.success) faults.push(...told.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`));
  for (const task of Object.keys(metrics)) {
    if (!Object.hasOwn(tasks, task))
      faults.push(`metrics.${task} is for no task; the tasks are ${Object.keys(tasks).join(', ')}`);
  }
  if (told.success) {
    for (const [task, { kind, metrics: own }] of Object.entries(told.data.tasks)) {
      const taken = own.find((metric) => metricsOfKind[kind].some((known) => known.name === metric.name));
      if (taken !== undefined) faults.push(`metrics.${task}.${taken.name} has the name of a metric of ${kind}`);
    }
  }
  const usual = modelField.safeParse(model);
  if (!usual.success)
    faults.push(...usual.error.issues.map(({ path, message }) => `model.${path.join('.')}: ${message}`));
  if (told.success && faults.length === 0) return told.data;
  throw new SigmasweepError('WORKLOAD_INVALID', `The workload ${name} in ${place} has faults: ${faults.join('; ')}`, {
    hint: 'docs/own-workload.md explains what each part may be.',
  });
}

function jsonSchemaOf(options: z.ZodObject, faults: string[]): unknown {
  try {
    const schema = z.toJSONSchema(options, { io: 'input' });
    // Back again as the coordinator will: a schema that cannot be read there must not be told.
    z.fromJSONSchema(schema);
    return schema;
  } catch (error) {
    faults.push(`options cannot be said as JSON Schema: ${error instanceof Error ? error.message : String(error)}`);
    return {};
  }
}

function withoutUndefined(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
