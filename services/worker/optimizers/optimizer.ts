import type * as tf from '@tensorflow/tfjs-core';
import type { PartState } from '../trainer/part-state.js';

/** A variable that is trained, with its learning rate relative to the others'. */
export interface TrainedVariable {
  readonly name: string;
  readonly variable: tf.Variable;
  readonly learningRateMultiplier: number;
}

/** Moves a fixed list of variables against their gradients, and keeps what it must remember of the past. */
export interface Optimizer {
  /**
   * One update of every variable, in place. Makes no lasting tensors but its own slots.
   * @param gradients in the order of the variables, of their shapes; null where the loss does not depend on a variable
   * @param learningRate of this step, before the variables' multipliers
   */
  apply(gradients: readonly (tf.Tensor | null)[], learningRate: number): void;
  /** Slots and counters; the trained variables are not among them. */
  readonly state: PartState;
  dispose(): void;
}

export type OptimizerFactory<Options> = (options: Options, variables: readonly TrainedVariable[]) => Optimizer;
