import type * as tf from '@tensorflow/tfjs-core';

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

/** A network on paper: it can be counted before anything is allocated. */
export interface Architecture {
  readonly parameters: readonly ParameterSpec[];
  /**
   * Raw head outputs, one per task, in task order.
   * @param images [size, height, width, channels], values 0 … 1
   * @returns tensors of [size, height, width, outputChannels of the task]
   */
  forward(images: tf.Tensor4D, parameter: ParameterLookup): tf.Tensor4D[];
}

export type ArchitectureFactory<Options> = (
  options: Options,
  input: ModelInput,
  tasks: readonly ModelTask[],
) => Architecture;

export interface ModelParameter extends ParameterSpec {
  readonly variable: tf.Variable;
}

/** A network with its parameters. */
export interface Model {
  readonly parameters: readonly ModelParameter[];
  readonly parameterCount: number;
  /** See `Architecture.forward`. */
  forward(images: tf.Tensor4D): tf.Tensor4D[];
  dispose(): void;
}
