import type { Stopping } from '../sweep-spec/stopping-schema.js';
import { asha } from './asha.js';
import { median } from './median.js';
import type { Contender, Judgement } from './rule.js';

/** The epochs whose numbers a sweep's rule looks at, ascending. */
export function judgedEpochs(stopping: Stopping, epochs: number): readonly number[] {
  return stopping.rule === 'asha' ? asha.epochs(stopping, epochs) : median.epochs(stopping, epochs);
}

/** Judges one training by the sweep's rule; see `StoppingRule`. */
export function judgeBy(
  stopping: Stopping,
  own: Contender,
  others: readonly Contender[],
  epochs: number,
): Judgement | undefined {
  return stopping.rule === 'asha'
    ? asha.judge(own, others, stopping, epochs)
    : median.judge(own, others, stopping, epochs);
}
