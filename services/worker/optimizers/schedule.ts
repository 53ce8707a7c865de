import type { OptimizerConfig } from '../../shared/catalog/optimizers.js';
import type { Schedule } from '../../shared/catalog/descent-options.js';

type ScheduleOptions = Pick<
  OptimizerConfig,
  'schedule' | 'learningRate' | 'stepAt' | 'stepFactor' | 'power' | 'warmupSteps' | 'warmupShare'
>;

/**
 * The learning rate of a step. Over the first W steps it rises along a line, (step + 1)/W of the whole rate (Goyal et
 * al. 2017, section 2.2); then, with the progress p = (step − W)/(steps − W) from 0 on, it is the rate times
 *
 * - 1 (`constant`);
 * - `stepFactor` for each of `stepAt` that p has reached (`step`);
 * - ½(1 + cos πp) (`cosine`: Loshchilov & Hutter 2017, section 3, without restarts);
 * - (1 − p)^`power` (`polynomial`).
 * @param step 0 … steps − 1
 * @param steps of the whole training
 */
export function learningRateAt(options: ScheduleOptions, step: number, steps: number): number {
  const warmup = Math.min(Math.max(options.warmupSteps, Math.round(options.warmupShare * steps)), steps);
  if (step < warmup) return (options.learningRate * (step + 1)) / warmup;
  return options.learningRate * factors[options.schedule]((step - warmup) / (steps - warmup), options);
}

const factors: Readonly<Record<Schedule, (progress: number, options: ScheduleOptions) => number>> = {
  constant: () => 1,
  step: (progress, { stepAt, stepFactor }) => stepFactor ** stepAt.filter((place) => progress >= place).length,
  cosine: (progress) => 0.5 * (1 + Math.cos(Math.PI * progress)),
  polynomial: (progress, { power }) => (1 - progress) ** power,
};
