import type { TrialConfig } from '../../../shared/trial-config.js';
import type { Dropout } from '../../models/scope.js';
import { mix } from '../random.js';

/** What draws under the same seed is told apart by these. */
const purposes = { training: 1, validation: 2, test: 3 } as const;

/**
 * What a pass leaves out, which follows from the seed and the numbers alone: a training that is taken up again leaves out
 * the same. Undefined where the trial leaves out nothing.
 * @param numbers the step of a training pass; the first sample and the pass otherwise
 */
export function dropoutOf(
  { uncertainty, seed }: TrialConfig,
  purpose: keyof typeof purposes,
  ...numbers: readonly number[]
): Dropout | undefined {
  const rate = uncertainty?.dropout?.rate;
  if (rate === undefined) return undefined;
  return { rate, key: [purposes[purpose], ...numbers].reduce(mix, mix(0x3c6ef372, seed)) };
}
