import { z } from 'zod';
import { workloadNames, workloads, type WorkloadName } from '../catalog/workloads.js';
import { quickFieldNames, sweepSpecFields } from './schema.js';

/**
 * The JSON Schema of a sweep spec, made from the definition that validates it, so that editors complete and check what
 * is written. It allows a little more than `parseSweepSpec`: a sweep's own tasks and its number of trials depend on
 * what is written elsewhere in the spec.
 */
export function sweepSpecJsonSchema(): object {
  const perWorkload = workloadNames.map((workload) => z.strictObject(fieldsFor(workload)));
  const spec = z.discriminatedUnion('workload', perWorkload as [(typeof perWorkload)[0] & object]).meta({
    title: 'Sweep spec',
    description: 'A sweep over the loss weights of a multi-task network. docs/spec.md explains it.',
  });
  return z.toJSONSchema(spec, {
    // The version that editors know best.
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      // The bounds of whole numbers that a double can hold tell a person nothing.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
}

function fieldsFor(workload: WorkloadName) {
  const info = workloads[workload];
  // The tasks that a spec declares are not known beforehand.
  const tasks = 'declaresTasks' in info ? undefined : info.tasks.map((task) => task.name);
  const fields = sweepSpecFields({ workload, workloadTasks: tasks, tasks });
  const quick = Object.fromEntries(quickFieldNames.map((name) => [name, withoutDefaults(fields[name])]));
  return {
    $schema: z.string().describe('Where an editor finds this schema; not read otherwise.').optional(),
    ...fields,
    workload: z.literal(workload).describe(`${fields.workload.description ?? ''} ${info.description}`),
    quick: z
      .strictObject(quick)
      .describe('A smaller size of the same sweep for `--quick`: what is named here replaces what is named above.')
      .optional(),
  };
}

/** What is left out of `quick` is as in the spec itself, so that no default applies there. */
function withoutDefaults(schema: z.ZodType): z.ZodOptional {
  const { description } = schema;
  const bare = bareOf(schema);
  return (description === undefined ? bare : bare.describe(description)).optional();
}

function bareOf(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return bareOf(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Record<string, z.ZodType>;
    return z.strictObject(
      Object.fromEntries(Object.entries(shape).map(([key, value]) => [key, withoutDefaults(value)])),
    );
  }
  // A name left out is that of the spec itself, so any of the options may be meant.
  if (schema instanceof z.ZodDiscriminatedUnion)
    return z.union(schema.options.map((option) => bareOf(option as z.ZodType)));
  return schema;
}
