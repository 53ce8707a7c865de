import type * as tf from '@tensorflow/tfjs-core';

/** Numbers that TensorFlow gives to types of values and of attributes, as the native binding names them. */
type Enumerations = Readonly<
  Record<
    | 'TF_FLOAT'
    | 'TF_INT32'
    | 'TF_INT64'
    | 'TF_BOOL'
    | 'TF_ATTR_STRING'
    | 'TF_ATTR_INT'
    | 'TF_ATTR_FLOAT'
    | 'TF_ATTR_BOOL'
    | 'TF_ATTR_TYPE'
    | 'TF_ATTR_SHAPE',
    number
  >
>;

export interface OpAttributeValue {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** A tensor of the native library. */
export interface NativeTensor {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

export type TypedValues = Float32Array | Int32Array | Uint8Array;

/** What tfjs-node's backend has the native library do (its tfjs_binding.d.ts; not exported there). */
export interface NativeBinding extends Enumerations {
  executeOp(
    name: string,
    attributes: readonly OpAttributeValue[],
    inputs: readonly number[],
    outputs: number,
  ): NativeTensor[];
  createTensor(shape: readonly number[], dtype: number, values: TypedValues): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): TypedValues;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  /** @param inputs, outputs names of tensors, `operation:index`, joined by commas */
  runSavedModel(id: number, tensors: readonly number[], inputs: string, outputs: string): NativeTensor[];
}

/** tfjs-node's backend, as far as recording needs it (its nodejs_kernel_backend.js). */
export interface RecordableBackend {
  binding: NativeBinding;
  readonly isGPUPackage: boolean;
  /** Ids of the native library's tensors; writes those whose values still wait on the host. */
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  createOutputTensor(tensor: NativeTensor): tf.Tensor;
}
