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

/** A number that the host gives a step: itself, or as a scalar where the step is recorded and others will follow. */
export type StepNumber = number | tf.Scalar;

/** Moves a fixed list of variables against their gradients, and keeps what it must remember of the past. */
export interface Optimizer {
  /** Those that are not frozen, in the order in which `apply` wants their gradients. */
  readonly trained: readonly TrainedVariable[];
  /**
   * What the host has to say of the next step; called once for each.
   * @param learningRate before the variables' multipliers
   */
  numbers(learningRate: number): readonly number[];
  /**
   * One update of every trained variable, in place, which follows from nothing but what it is given, the variables and
   * the slots. Makes no lasting tensors but its own slots.
   * @param gradients in the order of `trained`, of their shapes; null where the loss does not depend on a variable
   * @param numbers of this step
   */
  move(gradients: readonly (tf.Tensor | null)[], numbers: readonly StepNumber[]): void;
  /** `move` with the `numbers` of a learning rate. */
  apply(gradients: readonly (tf.Tensor | null)[], learningRate: number): void;
  /** Slots and counters; the trained variables are not among them. */
  readonly state: PartState;
  dispose(): void;
}

/** How a gradient becomes a step, element by element, whatever variables the elements belong to. */
export interface UpdateRule {
  /** What the host counts and works out for the next step; called once for each. */
  numbers(learningRate: number): readonly number[];
  /**
   * What to subtract from the parameters; called once a step, inside a tidy.
   * @param gradient end to end, [length]
   * @param numbers of this step
   */
  step(gradient: tf.Tensor1D, numbers: readonly StepNumber[]): tf.Tensor1D;
  /** Slots and counters. */
  readonly state: PartState;
  dispose(): void;
}

/** @param length of the gradients */
export type UpdateRuleFactory<Options> = (options: Options, length: number) => UpdateRule;
