import * as tf from '@tensorflow/tfjs-core';
import { joinStates, noState, type PartState } from '../trainer/part-state.js';
import type { WeightedTask, LossWeighting } from './weighting.js';
import { normalise } from './weighting.js';

export interface MovingWeights {
  /**
   * The weights of this step. Nothing is differentiated through it.
   * @param losses [tasks]
   * @param step 0, 1, …
   * @returns [tasks]
   */
  weigh(losses: tf.Tensor1D, step: number): tf.Tensor1D;
  /** What is reported before the first step; 1 each if left out. */
  readonly initial?: readonly number[];
  /** Whether `weigh` does the same at every step; see `LossWeighting.repeats`. */
  readonly repeats?: true;
  readonly onEpoch?: NonNullable<LossWeighting['onEpoch']>;
  readonly afterStep?: NonNullable<LossWeighting['afterStep']>;
  /** What `weigh` remembers. */
  readonly state?: PartState;
  readonly dispose?: () => void;
}

/**
 * The objective Σ wᵢ Lᵢ with weights that are new at every step and count as constants: for a method whose weights
 * follow from the losses, and for any objective F(L₁ … L_T), whose gradient is that of Σ (∂F/∂Lᵢ) Lᵢ.
 * Reports each epoch's mean of the weights.
 */
export function movingSum(tasks: readonly WeightedTask[], moving: MovingWeights): LossWeighting {
  const initial = moving.initial ?? tasks.map(() => 1);
  const mean = tf.tidy(() => tf.variable(tf.tensor1d([...initial]), false));
  const sum = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([tasks.length]), false));
  let [step, stepsOfEpoch] = [0, 0];

  return {
    needs: 'losses',
    variables: [],
    state: joinStates({
      reported: {
        variables: { mean, sum },
        numbers: {
          steps: {
            read: () => [step, stepsOfEpoch],
            write: (saved) => ([step = 0, stepsOfEpoch = 0] = saved),
          },
        },
      },
      method: moving.state ?? noState,
    }),
    regressionError: 'absolute',
    combine: (losses) => {
      // A gradient of its own keeps the weights off the tape: they cost no memory there and get no gradient.
      const combined = tf.customGrad((...inputs) => {
        const save = inputs.at(-1) as tf.GradSaveFunc;
        const stacked = tf.stack(inputs.slice(0, -1) as tf.Scalar[]) as tf.Tensor1D;
        const weights = moving.weigh(stacked, step);
        save([weights]);
        sum.assign(tf.add(sum, weights));
        return {
          value: tf.sum(tf.mul(weights, stacked)),
          gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.unstack(tf.mul(saved[0] as tf.Tensor1D, dy)),
        };
      });
      return combined(...losses) as tf.Scalar;
    },
    ...(moving.repeats === undefined ? {} : { repeats: moving.repeats }),
    onStep: () => {
      step += 1;
      stepsOfEpoch += 1;
    },
    onEpoch: (history) => {
      if (stepsOfEpoch > 0) {
        tf.tidy(() => {
          mean.assign(tf.div(sum, stepsOfEpoch));
          sum.assign(tf.zerosLike(sum));
        });
        stepsOfEpoch = 0;
      }
      moving.onEpoch?.(history);
    },
    ...(moving.afterStep === undefined ? {} : { afterStep: moving.afterStep }),
    describe: async () => {
      const weights = Array.from(await mean.data());
      const normalised = normalise(weights);
      return weights.map((weight, task) => ({ weight, normalisedWeight: normalised[task] ?? 0 }));
    },
    dispose: () => {
      mean.dispose();
      sum.dispose();
      moving.dispose?.();
    },
  };
}

/** Keeps what is divided by, or what a logarithm is taken of, above 0. */
export function atLeastTiny(losses: tf.Tensor1D): tf.Tensor1D {
  return tf.maximum(losses, 1e-8);
}
