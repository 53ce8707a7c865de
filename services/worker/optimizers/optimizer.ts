import type * as tf from '@tensorflow/tfjs-core';
import type { PartState } from '../trainer/part-state.js';

/** A variable that is trained, with its learning rate relative to the others'. */
export interface TrainedVariable {
  readonly name: string;
  readonly variable: tf.Variable;
  /** 0 = frozen: it never changes, and nothing is kept for it. */
  readonly learningRateMultiplier: number;
  /** Whether it belongs to the network, so that clipping and, where it is a weight, decay apply to it. */
  readonly of: 'network' | 'weighting';
}

/** Moves a fixed list of variables against their gradients, and keeps what it must remember of the past. */
export interface Optimizer {
  /** Those that are not frozen, in the order in which `apply` wants their gradients. */
  readonly trained: readonly TrainedVariable[];
  /**
   * One update of every trained variable, in place. Makes no lasting tensors but its own slots.
   * @param gradients in the order of `trained`, of their shapes; null where the loss does not depend on a variable
   * @param learningRate of this step, before the variables' multipliers
   */
  apply(gradients: readonly (tf.Tensor | null)[], learningRate: number): void;
  /** Slots and counters; the trained variables are not among them. */
  readonly state: PartState;
  dispose(): void;
}

/** How a gradient becomes a step, element by element, whatever variables the elements belong to. */
export interface UpdateRule {
  /**
   * What to subtract from the parameters; called once a step, inside a tidy.
   * @param gradient end to end, [length]
   */
  step(gradient: tf.Tensor1D, learningRate: number): tf.Tensor1D;
  /** Slots and counters. */
  readonly state: PartState;
  dispose(): void;
}

/** @param length of the gradients */
export type UpdateRuleFactory<Options> = (options: Options, length: number) => UpdateRule;
