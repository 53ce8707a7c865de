import type * as tf from '@tensorflow/tfjs-core';
import type { OutputForm } from '../../shared/catalog/outputs.js';
import type { HostNumbers, PartState } from '../trainer/part-state.js';
import type { HeadOutput } from '../workloads/workload.js';
import type { Dropout, PassMode, Scope, Values } from './scope.js';

/** A task as a model sees it: it needs a head with so many output channels. */
export interface ModelTask {
  readonly name: string;
  readonly output: OutputForm;
  readonly outputChannels: number;
  /** Channels behind those of the output, for the noise that the head predicts; none if left out. */
  readonly noiseChannels?: number;
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
  /** Its first values themselves, where they are neither drawn nor all the same. */
  readonly values?: readonly number[];
  /** The name that its first values are drawn under where it is not its own: parameters of one such name start alike. */
  readonly drawnAs?: string;
}

/** A parameter in its place in a network. */
export interface GroupedParameter extends ParameterSpec {
  /** `encoder`, the task that it belongs to alone, or a group of the architecture; learning rates are set per group. */
  readonly group: string;
  /** The block of an encoder that it belongs to, from 1; left out where it is of none. */
  readonly block?: number;
}

/** Numbers that a layer keeps without being trained on them, such as running statistics. */
export interface StateSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** What all of them are at first. */
  readonly value: number;
  /** What they are at first, where they are not all the same. */
  readonly values?: readonly number[];
  /** See `ParameterSpec.drawnAs`. */
  readonly drawnAs?: string;
  /** See `GroupedParameter.block`. */
  readonly block?: number;
}

/** The part of a network that all tasks share, where their gradients meet. The rest of a task is its own group. */
export interface SharedArchitecture {
  /** The groups of its parameters. */
  readonly groups: readonly string[];
  /** Names of the parameters of its last layer. */
  readonly lastLayer: readonly string[];
  /** Left out where there is no place between what all tasks share and what is a task's own. */
  readonly split?: SplitArchitecture;
}

/**
 * A network as a part that all tasks share and a head for each task, so that the tasks' gradients can be taken apart
 * where they meet. `forward` is `decode` after `encode`.
 */
export interface SplitArchitecture {
  /**
   * The shared representation: every tensor that is handed to heads, skips included.
   * @param images [size, height, width, channels], values 0 … 1
   */
  encode(images: tf.Tensor4D, scope: Scope): tf.Tensor4D[];
  /** A task's raw head output, from nothing but the representation and the parameters of the task's own group. */
  decode(features: readonly tf.Tensor4D[], task: string, scope: Scope): HeadOutput;
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
  /** What training minimises beside the weighted losses, such as a prior over the parameters. */
  penalty?(scope: Scope): tf.Scalar;
  /** What changes between epochs beside what the optimizer moves. */
  readonly adaptation?: Adaptation;
}

/** Mean losses of some training samples as in evaluation, by task and then by sample; the same samples each time. */
export type MeasureLosses = (samples: number) => Promise<readonly (readonly number[])[]>;

export interface Adaptation {
  /**
   * Told after each epoch but the last.
   * @returns what it has done, in lines for the log
   */
  afterEpoch(epoch: number, values: Values, measure: MeasureLosses): Promise<readonly string[]>;
  /** What it remembers on the host, by name. */
  readonly numbers?: Readonly<Record<string, HostNumbers>>;
  /** Whether a parameter is part of the network as it is now; all are if left out. */
  isUsed?(name: string): boolean;
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
  readonly split: SplitModel | undefined;
}

/** See `SplitArchitecture`. */
export interface SplitModel {
  encode(images: tf.Tensor4D, mode: PassMode, dropout?: Dropout): tf.Tensor4D[];
  decode(features: readonly tf.Tensor4D[], task: string, mode: PassMode, dropout?: Dropout): HeadOutput;
}

/** A network with its parameters. */
export interface Model {
  readonly parameters: readonly ModelParameter[];
  readonly parameterCount: number;
  /**
   * See `Architecture.forward`.
   * @param dropout what is left out at random; nothing if left out
   */
  forward(images: tf.Tensor4D, mode: PassMode, dropout?: Dropout): HeadOutput[];
  /**
   * Multiply-adds of the forward pass of one image: those of convolutions and dense layers, one for each weight and place
   * of the output. Biases, normalisation, activations and additions are not counted.
   */
  multiplyAdds(input: ModelInput): number;
  readonly shared: SharedModel | undefined;
  /** See `Architecture.penalty`. */
  readonly penalty: (() => tf.Scalar) | undefined;
  /** See `Adaptation.afterEpoch`. */
  readonly afterEpoch: ((epoch: number, measure: MeasureLosses) => Promise<readonly string[]>) | undefined;
  /** The parameters that the network has now; `parameterCount` counts also those that it may come to have. */
  usedParameters(): number;
  /** Names of the encoder's parameters and state, each with the one that it has where there is a single encoder. */
  readonly encoder: readonly { readonly name: string; readonly common: string }[];
  /** Every variable by its name: the parameters, and what else it keeps, such as running means. */
  readonly state: PartState;
  dispose(): void;
}
