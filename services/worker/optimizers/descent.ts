import * as tf from '@tensorflow/tfjs-core';
import { clip, type ClipOptions } from './clip.js';
import { flatten, type FlatVariables } from './flat.js';
import type { Optimizer, TrainedVariable, UpdateRule } from './optimizer.js';

/** Whether λ·θ joins the gradient before the update rule, or the step after it (Loshchilov & Hutter 2019). */
export type Decay = 'coupled' | 'decoupled';

export interface DescentOptions extends ClipOptions {
  readonly weightDecay: number;
  /** What of the network is decayed. */
  readonly decay: 'weights' | 'all';
}

/**
 * What all optimizers have in common: with the network's gradient g, clipped,
 *
 *     coupled:    θ ← θ − ρ·step(g + λ·θ)
 *     decoupled:  θ ← θ − ρ·(step(g) + α·λ·θ)
 *
 * where ρ is the variable's multiplier and α the learning rate. Frozen variables are left out altogether. A part that
 * is not asked for costs nothing; multipliers cost one product over the whole vector.
 */
export function descent(
  options: DescentOptions,
  variables: readonly TrainedVariable[],
  ruleOf: (length: number) => UpdateRule,
  decay: Decay,
): Optimizer {
  const trained = variables.filter(({ learningRateMultiplier }) => learningRateMultiplier !== 0);
  const flat = flatten(trained);
  const rule = ruleOf(flat.length);
  const multipliers = trained.some(({ learningRateMultiplier }) => learningRateMultiplier !== 1)
    ? flat.perVariable(({ learningRateMultiplier }) => learningRateMultiplier)
    : undefined;
  const decays =
    options.weightDecay > 0
      ? flat.perVariable((variable) => (isDecayed(variable, options.decay) ? options.weightDecay : 0))
      : undefined;
  const bounded = boundedGather(flat, trained, options);

  const numbers = (learningRate: number): number[] => [learningRate, ...rule.numbers(learningRate)];
  const move: Optimizer['move'] = (gradients, [learningRate = 0, ...ofRule]) => {
    tf.tidy(() => {
      const pull = decays && tf.mul<tf.Tensor1D>(flat.values(), decays);
      let gradient = bounded(gradients);
      if (pull !== undefined && decay === 'coupled') gradient = tf.add(gradient, pull);
      let step = rule.step(gradient, ofRule);
      if (pull !== undefined && decay === 'decoupled') step = tf.add(step, tf.mul(pull, learningRate));
      flat.subtract(multipliers === undefined ? step : tf.mul(step, multipliers));
    });
  };

  return {
    trained,
    numbers,
    move,
    apply: (gradients, learningRate) => move(gradients, numbers(learningRate)),
    state: rule.state,
    dispose: () => {
      rule.dispose();
      tf.dispose([multipliers, decays].filter((vector) => vector !== undefined));
    },
  };
}

/** Biases, and the scales and offsets of normalisations, are the network's vectors: what has two axes or more is a weight. */
function isDecayed({ of, variable }: TrainedVariable, decay: DescentOptions['decay']): boolean {
  return of === 'network' && (decay === 'all' || variable.rank > 1);
}

type Gradients = readonly (tf.Tensor | null)[];

/** The gradients end to end, with those of the network clipped: a weighting's own parameters are neither counted nor bound. */
function boundedGather(
  flat: FlatVariables,
  trained: readonly TrainedVariable[],
  options: ClipOptions,
): (gradients: Gradients) => tf.Tensor1D {
  if (options.clipNorm === undefined && options.clipValue === undefined) return (gradients) => flat.gather(gradients);
  const network = trained.map(({ of }) => of === 'network');
  const firstOther = network.includes(false) ? network.indexOf(false) : trained.length;
  if (network.lastIndexOf(true) > firstOther) throw new RangeError('the network’s variables must come first');
  const length = trained.slice(0, firstOther).reduce((sum, { variable }) => sum + variable.size, 0);
  return (gradients) => {
    const all = flat.gather(gradients);
    if (length === all.size) return clip(all, options);
    return tf.concat1d([clip(tf.slice(all, 0, length), options), tf.slice(all, length)]);
  };
}
