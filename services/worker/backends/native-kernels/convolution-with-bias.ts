import * as tf from '@tensorflow/tfjs-core';
import { channelsLast, input, ofFloats, type NativeBackend, type Run } from './run-op.js';

/**
 * TensorFlow's own graph optimiser puts this operation in the place of a convolution and the addition of its bias where
 * oneDNN computes both in one pass. It is not part of TensorFlow's public interface, so a build may lack it.
 */
const operation = '_MklNativeConv2DWithBias';

/** See `fusedKernels.convolution`; dilations are not handed to it. */
export const convolutionWithBias: Run = (backend, inputs, attributes) => {
  const { strides } = attributes as unknown as { strides: [number, number] };
  const { TF_ATTR_INT, TF_ATTR_STRING } = backend.binding;
  return backend.executeSingleOutput(
    operation,
    [
      ofFloats(backend),
      channelsLast(backend),
      { name: 'strides', type: TF_ATTR_INT, value: [1, ...strides, 1] },
      { name: 'padding', type: TF_ATTR_STRING, value: 'SAME' },
      { name: 'dilations', type: TF_ATTR_INT, value: [1, 1, 1, 1] },
      // The label under which TensorFlow registers what computes it.
      { name: '_kernel', type: TF_ATTR_STRING, value: 'MklNameChangeOp' },
    ],
    ['x', 'filter', 'bias'].map((name) => input(inputs, name)),
  );
};

/** Whether the TensorFlow of the current backend has it and computes what is meant. */
export function hasConvolutionWithBias(): boolean {
  return tf.tidy(() => {
    const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
    const filter = tf.tensor4d([1, -1], [1, 1, 1, 2]);
    const bias = tf.tensor1d([10, 20]);
    try {
      const y = convolutionWithBias(tf.backend() as unknown as NativeBackend, { x, filter, bias }, { strides: [1, 1] });
      return [11, 19, 12, 18, 13, 17, 14, 16].every((value, place) => value === (y as tf.Tensor).dataSync()[place]);
    } catch {
      return false;
    }
  });
}
