import * as tf from '@tensorflow/tfjs-core';
import { fused, fusedKernels } from '../operations/fused-kernel.js';
import { slot } from './flat.js';
import type { StepNumber, UpdateRuleFactory } from './optimizer.js';

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/**
 * Adam (Kingma & Ba 2015, algorithm 1), with the bias corrections folded into two scalars (their section 2):
 *
 *     m ← m + (1 − β₁)(g − m)      v ← v + (1 − β₂)(g² − v)
 *     θ ← θ − α·(c₂/c₁) · m / (√v + ε·c₂),   c₁ = 1 − β₁ᵗ,  c₂ = √(1 − β₂ᵗ)
 *
 * which equals θ − α·m̂/(√v̂ + ε).
 */
export const adam: UpdateRuleFactory<AdamOptions> = (options, length) => {
  const firstMoment = slot(length);
  const secondMoment = slot(length);
  let step = 0;

  return {
    numbers: (learningRate) => {
      step += 1;
      const firstCorrection = 1 - options.beta1 ** step;
      const secondCorrection = Math.sqrt(1 - options.beta2 ** step);
      return [options.epsilon * secondCorrection, (learningRate * secondCorrection) / firstCorrection];
    },
    step: (gradient, [epsilon = 0, rate = 0]) => {
      const shares = { firstShare: 1 - options.beta1, secondShare: 1 - options.beta2 };
      const moments = { gradient, firstMoment, secondMoment };
      const [first, second, change] = update(moments, { ...shares, epsilon, rate });
      firstMoment.assign(first);
      secondMoment.assign(second);
      return change;
    },
    state: {
      variables: { firstMoment, secondMoment },
      numbers: { step: { read: () => [step], write: ([saved = 0]) => (step = saved) } },
    },
    dispose: () => {
      firstMoment.dispose();
      secondMoment.dispose();
    },
  };
};

type Numbers = tf.Tensor1D;

interface Moments {
  readonly gradient: Numbers;
  readonly firstMoment: Numbers;
  readonly secondMoment: Numbers;
}

interface Factors {
  readonly firstShare: number;
  readonly secondShare: number;
  readonly epsilon: StepNumber;
  readonly rate: StepNumber;
}

/** New moments and the step, see `fusedKernels.adam`, which takes numbers of the host only. */
function update(moments: Moments, factors: Factors): [Numbers, Numbers, Numbers] {
  const { epsilon, rate } = factors;
  const compose = (): [Numbers, Numbers, Numbers] => {
    const { gradient, firstMoment, secondMoment } = moments;
    const first = moveTowards(firstMoment, gradient, factors.firstShare);
    const second = moveTowards(secondMoment, tf.square(gradient), factors.secondShare);
    const scale = tf.add(tf.sqrt(second), epsilon);
    return [first, second, tf.mul(tf.div<Numbers>(first, scale), rate)];
  };
  if (typeof epsilon !== 'number' || typeof rate !== 'number') return compose();
  return fused(fusedKernels.adam, { ...moments }, compose, { ...factors, epsilon, rate });
}

function moveTowards(from: tf.Tensor1D, to: tf.Tensor1D, share: number): tf.Tensor1D {
  return tf.add(from, tf.mul(tf.sub(to, from), share));
}
