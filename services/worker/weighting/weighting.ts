import type * as tf from '@tensorflow/tfjs-core';

/** A task as a weighting sees it; the order of tasks is that of the trial. */
export interface WeightedTask {
  readonly name: string;
  /** Of its loss: a classification likelihood (cross-entropy) or a regression error. */
  readonly likelihood: 'classification' | 'regression';
}

/** How much a task counts, read back once an epoch. */
export interface TaskWeight {
  /** ∂ total / ∂ Lᵢ: the factor of the task's loss in the objective. */
  readonly weight: number;
  /** The same, scaled so that the tasks sum to 1: the axis of the grid of fixed weights. */
  readonly normalisedWeight: number;
  /** s, where the weighting learns one. */
  readonly logVariance?: number;
  /** e^s: σ² of a Gaussian or softmax likelihood, the scale b of a Laplace likelihood. */
  readonly variance?: number;
}

/** A variable that the weighting wants trained along with the network, by the same optimizer. */
export interface WeightingVariable {
  readonly name: string;
  readonly variable: tf.Variable;
  readonly learningRateMultiplier: number;
}

/** What a finished epoch looked like, for weightings that move between epochs. */
export interface EpochHistory {
  readonly epoch: number;
  /** Mean training loss of each task, in task order. */
  readonly losses: readonly number[];
}

/** Turns the losses of a step into the one number that is minimised. */
export interface Weighting {
  /**
   * What a step must give `combine`'s users: the losses alone, or also every task's gradient on the shared parameters.
   * The trainer refuses a weighting whose needs it cannot meet.
   */
  readonly needs: 'losses' | 'task-gradients';
  readonly variables: readonly WeightingVariable[];
  /** Which error regression losses are made of: |e|, or e² where the likelihood is Gaussian. */
  readonly regressionError: 'absolute' | 'squared';
  /**
   * Changes a task's raw head output before its loss is taken, differentiably; for likelihoods whose parameter is not
   * a plain factor of the loss. Tasks that it leaves alone get the same tensor back.
   * @param task position in task order
   * @param predictions [size, height, width, channels]
   */
  scalePredictions?(task: number, predictions: tf.Tensor4D): tf.Tensor4D;
  /**
   * The objective, differentiable with respect to the losses and to the weighting's own variables.
   * @param losses one scalar per task, in task order
   */
  combine(losses: readonly tf.Scalar[]): tf.Scalar;
  /** Told after each epoch, before the next begins. */
  onEpoch?(history: EpochHistory): void;
  /** Present weights in task order; reads the variables back from the device. */
  describe(): Promise<readonly TaskWeight[]>;
  dispose(): void;
}

/**
 * Makes a weighting for one trial.
 * @param options validated by the catalog
 * @param seed of the trial, for weightings that draw random numbers
 */
export type WeightingFactory<Options> = (options: Options, tasks: readonly WeightedTask[], seed: number) => Weighting;

/** Scales weights to sum 1; all-zero weights stay 0. */
export function normalise(weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => (sum > 0 ? weight / sum : 0));
}
