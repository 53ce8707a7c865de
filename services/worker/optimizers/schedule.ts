import type { OptimizerConfig } from '../../shared/catalog/optimizers.js';

/**
 * The learning rate of a step.
 * @param step 0 … steps − 1
 * @param steps of the whole training
 * @returns `learningRate` at all times (constant), or half a cosine from it at step 0 down to 0 after the last
 *   (Loshchilov & Hutter 2017, eq. 5, without restarts)
 */
export function learningRateAt(
  { schedule, learningRate }: Pick<OptimizerConfig, 'schedule' | 'learningRate'>,
  step: number,
  steps: number,
): number {
  return schedule === 'constant' ? learningRate : 0.5 * learningRate * (1 + Math.cos((Math.PI * step) / steps));
}
