import type * as tf from '@tensorflow/tfjs-core';
import type { GradientSpace } from '../../shared/catalog/weighting-options.js';
import { joinStates, noState } from '../trainer/part-state.js';
import {
  normalise,
  type Combination,
  type GradientWeighting,
  type MaskedGradients,
  type TaskGradients,
} from './weighting.js';

type Given = 'combineGradients' | 'maskGradients' | 'describe';

export interface CombinedGradients extends Partial<Omit<GradientWeighting, Given>> {
  readonly space: GradientSpace;
  /** @param step 0, 1, … */
  readonly combine: (gradients: TaskGradients, step: number) => Combination;
  /** @param step 0, 1, … */
  readonly mask?: (gradients: tf.Tensor2D, step: number) => MaskedGradients;
}

/**
 * A weighting that adds up the tasks' gradients anew at every step. The weights that it reports are the factors of the
 * tasks' losses in the shared update: each epoch's mean, and 1 before the first step.
 */
export function gradientSum(count: number, { combine, mask, ...rest }: CombinedGradients): GradientWeighting {
  let mean = new Array<number>(count).fill(1);
  let sum = new Array<number>(count).fill(0);
  let [step, stepsOfEpoch] = [0, 0];

  return {
    needs: 'task-gradients',
    variables: [],
    regressionError: 'absolute',
    dispose: () => undefined,
    ...rest,
    state: joinStates({
      reported: {
        numbers: {
          mean: { read: () => mean, write: (saved) => (mean = [...saved]) },
          sum: { read: () => sum, write: (saved) => (sum = [...saved]) },
          steps: {
            read: () => [step, stepsOfEpoch],
            write: (saved) => ([step = 0, stepsOfEpoch = 0] = saved),
          },
        },
      },
      method: rest.state ?? noState,
    }),
    ...(mask && { maskGradients: (gradients) => mask(gradients, step) }),
    combineGradients: (gradients) => {
      const combination = combine(gradients, step);
      sum = sum.map((total, task) => total + (combination.shared[task] ?? 0) * (gradients.factors[task] ?? 1));
      step += 1;
      stepsOfEpoch += 1;
      return combination;
    },
    onEpoch: (history) => {
      if (stepsOfEpoch > 0) {
        mean = sum.map((total) => total / stepsOfEpoch);
        sum = sum.map(() => 0);
        stepsOfEpoch = 0;
      }
      rest.onEpoch?.(history);
    },
    describe: () => {
      const normalised = normalise(mean);
      return Promise.resolve(mean.map((weight, task) => ({ weight, normalisedWeight: normalised[task] ?? 0 })));
    },
  };
}
