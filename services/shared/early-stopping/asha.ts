import { newestOf, type StoppingRule } from './rule.js';

export interface AshaOptions {
  readonly minEpochs: number;
  readonly reduction: number;
}

/**
 * Asynchronous successive halving (Li, Jamieson, Rostamizadeh et al., "A System for Massively Parallel Hyperparameter
 * Tuning", MLSys 2020), in the form that stops instead of pausing (Ray Tune's, Optuna's and Syne Tune's): rung k is at
 * minEpochs · reductionᵏ epochs; a training goes on from a rung while it is among the best ⌊n / reduction⌋ (at least
 * one) of the n that have got there. It is judged at the highest rung that it has got to, and there again when others
 * come, so that one which was early is not spared for it; what it was at a lower rung counts no more.
 */
export const asha: StoppingRule<AshaOptions> = {
  epochs({ minEpochs, reduction }, epochs) {
    const rungs: number[] = [];
    for (let rung = minEpochs; rung < epochs; rung *= reduction) rungs.push(rung);
    return rungs;
  },

  judge(own, others, options, epochs) {
    const rung = newestOf(own, asha.epochs(options, epochs));
    const value = rung === undefined ? undefined : own.curve.get(rung);
    if (rung === undefined || value === undefined) return undefined;
    const there = others.flatMap(({ curve }) => curve.get(rung) ?? []);
    const count = there.length + 1;
    const places = Math.max(1, Math.floor(count / options.reduction));
    const better = there.filter((other) => other > value).length;
    if (better < places) return undefined;
    return { epoch: rung, why: `place ${better + 1} of ${count}; the best ${places === 1 ? 'one' : places} went on` };
  },
};
