import { criterionMetrics } from '../criterion.js';
import { deltaCriterion } from '../derivation.js';
import { isTrainedAlone } from './count.js';
import { quote, suggestion } from './describe-issue.js';
import type { SweepSpec } from './spec.js';

/** What is wrong with a criterion that trainings of this sweep are to be ranked by; undefined where nothing is. */
export function faultOfCriterion(spec: SweepSpec, criterion: string): string | undefined {
  const known = [deltaCriterion, ...criterionMetrics(spec, spec.tasks).keys()];
  if (!known.includes(criterion)) {
    return `must be delta-m, a task or task.metric; found ${quote(criterion)}${suggestion(criterion, known)}`;
  }
  return criterion === deltaCriterion ? faultOfDelta(spec) : undefined;
}

/** Why Δm has no meaning in a sweep, as far as its spec tells. */
export function faultOfDelta(spec: SweepSpec): string | undefined {
  if (spec.tasks.length === 1) return `must be the task ${spec.tasks.join()}: Δm needs two tasks or more`;
  const missing = spec.baselines ? [] : spec.tasks.filter((task) => !isTrainedAlone(task, spec));
  if (missing.length === 0) return undefined;
  return `is measured against each task trained alone, and nothing trains ${missing.join(', ')} alone: set baselines to true or name a task as criterion`;
}
