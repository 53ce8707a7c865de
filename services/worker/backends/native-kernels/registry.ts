import * as tf from '@tensorflow/tfjs-core';
import { fusedKernels, type FusedKernel } from '../../operations/fused-kernel.js';
import { convolutionWithBias, hasConvolutionWithBias } from './convolution-with-bias.js';
import { channelsLast, input, ofFloats, type NativeBackend, type OpAttribute, type Run } from './run-op.js';

/** Name under which both native packages register themselves with TensorFlow.js. */
const backendName = 'tensorflow';

const blocksOfTwo = ({ binding }: NativeBackend): OpAttribute => ({
  name: 'block_size',
  type: binding.TF_ATTR_INT,
  value: 2,
});

/** TensorFlow has an operation for each of them that tfjs-node does not use; its own Adam works in place only. */
const operations: Readonly<
  Record<Exclude<FusedKernel, typeof fusedKernels.adam | typeof fusedKernels.convolution>, Run>
> = {
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

/**
 * Registers them. Call it when a native package has been loaded; again changes nothing.
 * @param usesGpu whether TensorFlow computes on a GPU: some of its operations are for processors only
 */
export function registerNativeKernels(usesGpu: boolean): void {
  for (const [kernelName, run] of Object.entries(operations)) register(kernelName, run);
  if (!usesGpu && hasConvolutionWithBias()) register(fusedKernels.convolution, convolutionWithBias);
}

function register(kernelName: string, run: Run): void {
  if ((tf.getKernel(kernelName, backendName) as unknown) !== undefined) return;
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => run(backend as unknown as NativeBackend, inputs, attrs),
  });
}
