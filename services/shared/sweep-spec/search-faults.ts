import { faultOfCriterion } from './criterion-faults.js';
import type { FieldFault } from './describe-issue.js';
import type { SweepSpec } from './spec.js';

/** The faults of a search that its fields alone do not show. */
export function searchFaults(spec: SweepSpec): FieldFault[] {
  const { search, tasks } = spec;
  if (search === undefined) return [];
  if (tasks.length < 2) {
    return [{ path: ['search'], message: `needs two tasks or more to weigh; found ${tasks.join()}` }];
  }
  const faults: FieldFault[] = [];
  if (search.least * tasks.length >= 1) {
    const message = `must be below 1/${tasks.length}, so that ${tasks.length} weights can sum to 1; found ${search.least}`;
    faults.push({ path: ['search', 'least'], message });
  }
  const message = 'metric' in search ? faultOfCriterion(spec, search.metric) : undefined;
  if (message !== undefined) faults.push({ path: ['search', 'metric'], message });
  return faults;
}
