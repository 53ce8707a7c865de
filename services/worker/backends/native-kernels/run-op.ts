import type * as tf from '@tensorflow/tfjs-core';

/** The part of tfjs-node's backend that runs TensorFlow's own operations. */
export interface NativeBackend {
  readonly binding: Readonly<
    Record<'TF_ATTR_TYPE' | 'TF_ATTR_INT' | 'TF_ATTR_STRING' | 'TF_FLOAT' | 'TF_INT32' | 'TF_INT64', number>
  >;
  executeSingleOutput(name: string, attributes: readonly OpAttribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** How a kernel is computed by TensorFlow's operations. */
export type Run = (
  backend: NativeBackend,
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap | undefined,
) => tf.Tensor | tf.Tensor[];

export const input = (inputs: tf.NamedTensorInfoMap, name: string): tf.TensorInfo => inputs[name] as tf.TensorInfo;

/** The attribute `T` of nearly all operations: the numbers are float32. */
export function ofFloats({ binding }: NativeBackend): OpAttribute {
  return { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
}

export const channelsLast = ({ binding }: NativeBackend): OpAttribute => ({
  name: 'data_format',
  type: binding.TF_ATTR_STRING,
  value: 'NHWC',
});
