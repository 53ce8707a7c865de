import { newestOf, type Contender, type StoppingRule } from './rule.js';

export interface MedianOptions {
  readonly minEpochs: number;
  readonly minSettings: number;
}

/**
 * The median stopping rule (Golovin et al., "Google Vizier", KDD 2017, section 3.2.2): a training is stopped after an
 * epoch when the best that it has reached so far is strictly worse than the median, over the others, of their running
 * means up to that epoch. Others are all that have got there, as in Optuna; Vizier takes those that have ended.
 */
export const median: StoppingRule<MedianOptions> = {
  epochs({ minEpochs }, epochs) {
    return Array.from({ length: Math.max(0, epochs - 1) }, (_, place) => place + 1).filter((one) => one >= minEpochs);
  },

  judge(own, others, options, epochs) {
    const epoch = newestOf(own, median.epochs(options, epochs));
    if (epoch === undefined) return undefined;
    const means = others.filter(({ curve }) => curve.has(epoch)).map((other) => meanUpTo(other, epoch));
    if (means.length < options.minSettings) return undefined;
    const best = Math.max(...upTo(own, epoch));
    if (best >= medianOf(means)) return undefined;
    return { epoch, why: `its best so far is below the median of ${means.length} others’ running means` };
  },
};

function upTo({ curve }: Contender, epoch: number): number[] {
  return [...curve].filter(([one]) => one >= 1 && one <= epoch).map(([, value]) => value);
}

function meanUpTo(contender: Contender, epoch: number): number {
  const values = upTo(contender, epoch).sort((a, b) => a - b);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function medianOf(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  const middle = ascending.length / 2;
  const upper = ascending[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((ascending[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}
