import type { OpAttributeValue } from './binding.js';

/** What an operation computed: the `output`-th of the `operation`-th of the recording. */
export interface OperationOutput {
  readonly from: 'operation';
  readonly operation: number;
  readonly output: number;
}

/** Where an operation's input comes from. */
export type Source =
  | OperationOutput
  | { readonly from: 'placeholder'; readonly index: number }
  | { readonly from: 'constant'; readonly index: number };

/** A TensorFlow data type (types.proto) and the sizes of the axes. */
export interface TensorType {
  readonly dtype: number;
  readonly shape: readonly number[];
}

export interface Constant extends TensorType {
  /** As TensorFlow lays them out in memory. */
  readonly content: Uint8Array;
}

export interface Operation {
  readonly name: string;
  readonly attributes: readonly OpAttributeValue[];
  readonly inputs: readonly Source[];
  /** Data types of the inputs, for attributes that the eager runtime takes from them. */
  readonly inputTypes: readonly number[];
}

/** What the native library was asked to do, with nothing left of the host's part in it. */
export interface Recording {
  readonly placeholders: readonly TensorType[];
  readonly constants: readonly Constant[];
  readonly operations: readonly Operation[];
  readonly outputs: readonly (Source & { readonly dtype: number })[];
}
