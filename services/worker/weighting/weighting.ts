import type * as tf from '@tensorflow/tfjs-core';
import type { GradientSpace } from '../../shared/catalog/weighting-options.js';
import type { PartState } from '../trainer/part-state.js';

/** A task as a weighting sees it; the order of tasks is that of the trial. */
export interface WeightedTask {
  readonly name: string;
  /**
   * Of its loss: a classification likelihood (cross-entropy), a regression error, or a negative log likelihood with a
   * noise of its own, which can be negative.
   */
  readonly likelihood: 'classification' | 'regression' | 'own';
}

/** How much a task counts, read back once an epoch. */
export interface TaskWeight {
  /** ∂ total / ∂ Lᵢ: the factor of the task's loss in the objective; the epoch's mean where it moves with every step. */
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

/** What every weighting has, whatever it needs of a step. */
interface CommonWeighting {
  readonly variables: readonly WeightingVariable[];
  /** What it remembers beside `variables`. */
  readonly state: PartState;
  /** Which error regression losses are made of: |e|, or e² where the likelihood is Gaussian. */
  readonly regressionError: 'absolute' | 'squared';
  /**
   * Changes a task's raw head output before its loss is taken, differentiably; for likelihoods whose parameter is not
   * a plain factor of the loss. Tasks that it leaves alone get the same tensor back.
   * @param task position in task order
   * @param predictions of a map or a vector, channels last
   */
  scalePredictions?<Output extends tf.Tensor>(task: number, predictions: Output): Output;
  /** Told after each epoch, before the next begins. */
  onEpoch?(history: EpochHistory): void;
  /** Present weights in task order; reads the variables back from the device. */
  describe(): Promise<readonly TaskWeight[]>;
  dispose(): void;
}

/** Turns the losses of a step into the one number that is minimised. */
export interface LossWeighting extends CommonWeighting {
  readonly needs: 'losses';
  /**
   * The objective, differentiable with respect to the losses and to the weighting's own variables. Called once a step.
   * @param losses one scalar per task, in task order
   */
  combine(losses: readonly tf.Scalar[]): tf.Scalar;
  /**
   * Whether `combine` does the same at every step: all that changes lies in the losses and in TensorFlow.js's variables,
   * so that a recording of one step can stand for the others. What the host counts belongs into `onStep`.
   */
  readonly repeats?: true;
  /** Told after each step. */
  onStep?(): void;
  /**
   * Given the losses of the step's own batch again after the update; where it is there, a step costs one more forward
   * pass.
   * @param losses [tasks]
   */
  afterStep?(losses: tf.Tensor1D): void;
}

/** A step as a weighting of gradients sees it, on the host. */
export interface TaskGradients {
  /** Of each task, in task order. */
  readonly losses: readonly number[];
  /** Inner products gᵢ·gⱼ of the tasks' gradients, tasks × tasks; of the scaled losses where the weighting scales them. */
  readonly gram: readonly (readonly number[])[];
  /** ∂ scaled loss / ∂ loss of each task, or the share of its gradient that a mask left; 1 where neither is done. */
  readonly factors: readonly number[];
}

/** How the gradients of a step are added up. */
export interface Combination {
  /** The shared parameters move by Σ sharedᵢ gᵢ. */
  readonly shared: readonly number[];
  /** A task's own head moves by headsᵢ times its gradient. */
  readonly heads: readonly number[];
}

/** Losses made ready for the gradients to be taken, with what they were multiplied with. */
export interface ScaledLosses {
  readonly losses: readonly tf.Scalar[];
  readonly factors: readonly tf.Scalar[];
}

/** The tasks' gradients after some of their elements were changed. */
export interface MaskedGradients {
  /** [tasks, elements] */
  readonly gradients: tf.Tensor2D;
  /** How much is left of each task's gradient, as a share of its squared length; 0 where there was none. [tasks] */
  readonly left: tf.Tensor1D;
}

/**
 * Turns the gradients of a step, one per task, into one. Nearly all methods of this kind move along a linear combination of
 * the tasks' gradients whose coefficients follow from their inner products: the vectors themselves stay on the device.
 */
export interface GradientWeighting extends CommonWeighting {
  readonly needs: 'task-gradients';
  /** With respect to what the gradients of `combineGradients` are taken. The update is of the parameters in any case. */
  readonly space: GradientSpace;
  /** Changes the losses before their gradients are taken, differentiably; called once a step. */
  scaleLosses?(losses: readonly tf.Scalar[]): ScaledLosses;
  /**
   * Changes the gradients element by element before they are looked at and added up, on the device; for a method whose
   * update is no linear combination of them. Only with the space `representation`, and not with `scaleLosses`: what is
   * left takes the place of the factors. Called once a step.
   * @param gradients on all tensors of the representation, [tasks, elements]
   */
  maskGradients?(gradients: tf.Tensor2D): MaskedGradients;
  /** Called once a step with finite numbers. */
  combineGradients(step: TaskGradients): Combination;
}

export type Weighting = LossWeighting | GradientWeighting;

/**
 * Makes a weighting for one trial.
 * @param options validated by the catalog
 * @param seed of the trial, for weightings that draw random numbers
 */
export type WeightingFactory<Options, Kind extends Weighting = Weighting> = (
  options: Options,
  tasks: readonly WeightedTask[],
  seed: number,
) => Kind;

/** Scales weights to sum 1; all-zero weights stay 0. */
export function normalise(weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => (sum > 0 ? weight / sum : 0));
}
