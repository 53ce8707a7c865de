import * as tf from '@tensorflow/tfjs-core';
import { fusedKernels, type FusedKernel } from '../../operations/fused-kernel.js';
import { channelsLast, ofFloats, type NativeBackend, type OpAttribute } from './run-op.js';

/** Name under which both native packages register themselves with TensorFlow.js. */
const backendName = 'tensorflow';

type Run = (
  backend: NativeBackend,
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap | undefined,
) => tf.Tensor | tf.Tensor[];

const input = (inputs: tf.NamedTensorInfoMap, name: string): tf.TensorInfo => inputs[name] as tf.TensorInfo;

const blocksOfTwo = ({ binding }: NativeBackend): OpAttribute => ({
  name: 'block_size',
  type: binding.TF_ATTR_INT,
  value: 2,
});

/** TensorFlow has an operation for each of them that tfjs-node does not use; its own Adam works in place only. */
const operations: Readonly<Record<Exclude<FusedKernel, typeof fusedKernels.adam>, Run>> = {
  [fusedKernels.addBias]: (backend, inputs) =>
    backend.executeSingleOutput(
      'BiasAdd',
      [ofFloats(backend), channelsLast(backend)],
      [input(inputs, 'x'), input(inputs, 'bias')],
    ),
  [fusedKernels.biasGradient]: (backend, inputs) =>
    backend.executeSingleOutput('BiasAddGrad', [ofFloats(backend), channelsLast(backend)], [input(inputs, 'dy')]),
  [fusedKernels.reluGradient]: (backend, inputs) =>
    backend.executeSingleOutput('ReluGrad', [ofFloats(backend)], [input(inputs, 'dy'), input(inputs, 'y')]),
  [fusedKernels.spaceToDepth]: (backend, inputs) =>
    backend.executeSingleOutput(
      'SpaceToDepth',
      [ofFloats(backend), blocksOfTwo(backend), channelsLast(backend)],
      [input(inputs, 'x')],
    ),
  [fusedKernels.depthToSpace]: (backend, inputs) =>
    backend.executeSingleOutput(
      'DepthToSpace',
      [ofFloats(backend), blocksOfTwo(backend), channelsLast(backend)],
      [input(inputs, 'x')],
    ),
  [fusedKernels.crossEntropy]: (backend, inputs) =>
    backend.executeMultipleOutputs(
      'SoftmaxCrossEntropyWithLogits',
      [ofFloats(backend)],
      [input(inputs, 'logits'), input(inputs, 'labels')],
      2,
    ),
  [fusedKernels.split]: (backend, inputs, attributes) => {
    const sizes = (attributes as { sizes: number[] }).sizes;
    const [counts, axis] = [tf.tensor1d(sizes, 'int32'), tf.scalar(0, 'int32')];
    const { TF_ATTR_INT, TF_ATTR_TYPE, TF_INT32 } = backend.binding;
    const parts = backend.executeMultipleOutputs(
      'SplitV',
      [
        { name: 'num_split', type: TF_ATTR_INT, value: sizes.length },
        ofFloats(backend),
        { name: 'Tlen', type: TF_ATTR_TYPE, value: TF_INT32 },
      ],
      [input(inputs, 'vector'), counts, axis],
      sizes.length,
    );
    tf.dispose([counts, axis]);
    return parts;
  },
};

/** Registers them. Call it when a native package has been loaded; again changes nothing. */
export function registerNativeKernels(): void {
  for (const [kernelName, run] of Object.entries(operations)) {
    if ((tf.getKernel(kernelName, backendName) as unknown) !== undefined) continue;
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) => run(backend as unknown as NativeBackend, inputs, attrs),
    });
  }
}
