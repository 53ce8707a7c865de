import { faultOfCriterion } from './criterion-faults.js';
import type { FieldFault } from './describe-issue.js';
import type { SweepSpec } from './spec.js';
import { isDerived } from './weighting-schema.js';

/** The faults of a tuning that its fields alone do not show. Whatever else chooses among trainings would choose by rate. */
export function tuningFaults(spec: SweepSpec): FieldFault[] {
  const { tuning, stopping, search, weightings } = spec;
  if (tuning === undefined) return [];
  const derived = weightings.findIndex(isDerived);
  const message = faultOfCriterion(spec, tuning.metric);
  const unfair = 'cannot be combined with tuning, which trains each rate of each row to its end for an equal budget';
  return [
    ...(message === undefined ? [] : [{ path: ['tuning', 'metric'], message }]),
    ...(stopping === undefined ? [] : [{ path: ['stopping'], message: unfair }]),
    ...(search !== undefined && 'metric' in search
      ? [{ path: ['search', 'sampler'], message: `${unfair}; use sobol or random` }]
      : []),
    ...(derived < 0 ? [] : [{ path: ['weightings', derived, 'method'], message: unfair }]),
  ];
}
