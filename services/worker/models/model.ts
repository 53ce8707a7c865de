import type * as tf from '@tensorflow/tfjs-core';
import type { PartState } from '../trainer/part-state.js';
import type { HeadOutput, OutputForm } from '../workloads/workload.js';
import type { PassMode, Scope } from './scope.js';

/** A task as a model sees it: it needs a head with so many output channels. */
export interface ModelTask {
  readonly name: string;
  readonly output: OutputForm;
  readonly outputChannels: number;
}

/** Sizes that a model is built for. */
export interface ModelInput {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A parameter of a layer before it exists: enough to count it and to draw its first value. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Standard deviation of its first, normally distributed values; 0 = all at the mean. */
  readonly deviation: number;
  /** Mean of its first values; 0 if left out. */
  readonly mean?: number;
}

/** A parameter in its place in a network. */
export interface GroupedParameter extends ParameterSpec {
  /** `encoder`, or the task whose head it belongs to; learning rates are set per group. */
  readonly group: string;
}

/** Numbers that a layer keeps without being trained on them, such as running statistics. */
export interface StateSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** What all of them are at first. */
  readonly value: number;
}

/**
 * A network as a part that all tasks share and a head for each task, so that the tasks' gradients can be taken apart
 * where they meet. `forward` is `decode` after `encode`.
 */
export interface SharedArchitecture {
  /**
   * The shared representation: every tensor that is handed to heads, skips included.
   * @param images [size, height, width, channels], values 0 … 1
   */
  encode(images: tf.Tensor4D, scope: Scope): tf.Tensor4D[];
  /** A task's raw head output, from nothing but the representation and the parameters of the task's own group. */
  decode(features: readonly tf.Tensor4D[], task: string, scope: Scope): HeadOutput;
  /** The groups of its parameters. */
  readonly groups: readonly string[];
  /** Names of the parameters of its last layer. */
  readonly lastLayer: readonly string[];
}

/** A network on paper: it can be counted before anything is allocated. */
export interface Architecture {
  readonly parameters: readonly GroupedParameter[];
  readonly state: readonly StateSpec[];
  /**
   * Raw head outputs, one per task, in task order.
   * @param images [size, height, width, channels], values 0 … 1
   */
  forward(images: tf.Tensor4D, scope: Scope): HeadOutput[];
  /** Left out where tasks share no part of the network as it is; weightings that need their gradients then cannot be used. */
  readonly shared?: SharedArchitecture;
}

export type ArchitectureFactory<Options> = (
  options: Options,
  input: ModelInput,
  tasks: readonly ModelTask[],
) => Architecture;

export interface ModelParameter extends GroupedParameter {
  readonly variable: tf.Variable;
}

/** See `SharedArchitecture`, with its parameters. */
export interface SharedModel {
  readonly parameters: readonly ModelParameter[];
  readonly lastLayer: readonly ModelParameter[];
  encode(images: tf.Tensor4D, mode: PassMode): tf.Tensor4D[];
  decode(features: readonly tf.Tensor4D[], task: string, mode: PassMode): HeadOutput;
}

/** A network with its parameters. */
export interface Model {
  readonly parameters: readonly ModelParameter[];
  readonly parameterCount: number;
  /** See `Architecture.forward`. */
  forward(images: tf.Tensor4D, mode: PassMode): HeadOutput[];
  /**
   * Multiply-adds of the forward pass of one image: those of convolutions and dense layers, one for each weight and place
   * of the output. Biases, normalisation, activations and additions are not counted.
   */
  multiplyAdds(input: ModelInput): number;
  readonly shared: SharedModel | undefined;
  /** Every variable by its name: the parameters, and what else it keeps, such as running means. */
  readonly state: PartState;
  dispose(): void;
}
