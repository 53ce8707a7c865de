import type * as tf from '@tensorflow/tfjs-core';
import type { PartState } from '../trainer/part-state.js';

/** A task as a model sees it: it needs a head with so many output channels. */
export interface ModelTask {
  readonly name: string;
  readonly outputChannels: number;
}

/** Sizes that a model is built for; height and width are multiples of 8. */
export interface ModelInput {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A parameter before it exists: enough to count it and to draw its first value. */
export interface ParameterSpec {
  readonly name: string;
  /** `encoder`, or the task whose head it belongs to; learning rates are set per group. */
  readonly group: string;
  readonly shape: readonly number[];
  /** Standard deviation of its first, normally distributed values; 0 = zeros. */
  readonly deviation: number;
}

/** Finds a parameter's value by its name. */
export type ParameterLookup = (name: string) => tf.Tensor;

/**
 * A network as a part that all tasks share and a head for each task, so that the tasks' gradients can be taken apart
 * where they meet. `forward` is `decode` after `encode`.
 */
export interface SharedArchitecture {
  /**
   * The shared representation: every tensor that is handed to heads, skips included.
   * @param images [size, height, width, channels], values 0 … 1
   */
  encode(images: tf.Tensor4D, parameter: ParameterLookup): tf.Tensor4D[];
  /**
   * A task's raw head output, from nothing but the representation and the parameters of the task's own group.
   * @returns [size, height, width, outputChannels of the task]
   */
  decode(features: readonly tf.Tensor4D[], task: string, parameter: ParameterLookup): tf.Tensor4D;
  /** The groups of its parameters. */
  readonly groups: readonly string[];
  /** Names of the parameters of its last layer. */
  readonly lastLayer: readonly string[];
}

/** A network on paper: it can be counted before anything is allocated. */
export interface Architecture {
  readonly parameters: readonly ParameterSpec[];
  /**
   * Raw head outputs, one per task, in task order.
   * @param images [size, height, width, channels], values 0 … 1
   * @returns tensors of [size, height, width, outputChannels of the task]
   */
  forward(images: tf.Tensor4D, parameter: ParameterLookup): tf.Tensor4D[];
  /** Left out where tasks share no part of the network as it is; weightings that need their gradients then cannot be used. */
  readonly shared?: SharedArchitecture;
}

export type ArchitectureFactory<Options> = (
  options: Options,
  input: ModelInput,
  tasks: readonly ModelTask[],
) => Architecture;

export interface ModelParameter extends ParameterSpec {
  readonly variable: tf.Variable;
}

/** See `SharedArchitecture`, with its parameters. */
export interface SharedModel {
  readonly parameters: readonly ModelParameter[];
  readonly lastLayer: readonly ModelParameter[];
  encode(images: tf.Tensor4D): tf.Tensor4D[];
  decode(features: readonly tf.Tensor4D[], task: string): tf.Tensor4D;
}

/** A network with its parameters. */
export interface Model {
  readonly parameters: readonly ModelParameter[];
  readonly parameterCount: number;
  /** See `Architecture.forward`. */
  forward(images: tf.Tensor4D): tf.Tensor4D[];
  readonly shared: SharedModel | undefined;
  /** Every variable by its name: the parameters, and what else it keeps, such as running means. */
  readonly state: PartState;
  dispose(): void;
}
