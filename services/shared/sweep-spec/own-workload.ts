import { z } from 'zod';
import type { OwnWorkloads } from '../catalog/own-workloads.js';
import { allowed, faultsOfIssue, showValue, suggestion, type FieldFault } from './describe-issue.js';
import { keyNouns } from './field-kinds.js';
import { isMapping, type Mapping } from './quick.js';

/**
 * Fills in what a spec leaves to a workload that workers bring along: its tasks, its version, its options' defaults, and
 * the model where the spec says none. What the spec says of tasks and version itself is replaced, so that a spec that was
 * stored long ago means the workload as it is now.
 */
export function fillOwnWorkload(
  given: Mapping,
  own: OwnWorkloads,
): { readonly given: Mapping; readonly faults: readonly FieldFault[] } {
  const { workload, data = {} } = given;
  if (workload !== 'own' || !isMapping(data)) return { given, faults: [] };
  const { name } = data;
  const entry = typeof name === 'string' ? own.get(name) : undefined;
  if (entry === undefined) {
    const known =
      own.size === 0
        ? '; no worker has brought one along yet (SIGMASWEEP_WORKLOADS of the worker)'
        : suggestion(typeof name === 'string' ? name : '', [...own.keys()]);
    const message = `must name a workload that a worker has brought along; found ${showValue(name)}${known}`;
    return { given, faults: [{ path: ['data', 'name'], message }] };
  }
  const options = z.fromJSONSchema(entry.options).safeParse(data['options'] ?? {}, {
    error: (issue) => allowed(issue, keyNouns),
    reportInput: true,
  });
  return {
    given: {
      ...given,
      data: {
        ...data,
        ...(options.success ? { options: options.data } : {}),
        tasks: entry.tasks,
        version: entry.version,
      },
      ...(given['model'] === undefined && entry.model !== undefined ? { model: entry.model } : {}),
    },
    faults: options.success ? [] : options.error.issues.flatMap((issue) => faultsOfIssue(issue, ['data', 'options'])),
  };
}
