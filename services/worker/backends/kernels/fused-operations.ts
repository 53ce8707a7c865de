import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { fusedKernels, type FusedKernel } from '../../operations/fused-kernel.js';
import { fusedConv2D } from './conv2d.js';
import { input, withWorkspace } from './workspace.js';

type Call = Parameters<KernelConfig['kernelFunc']>[0];

/** This project's own operations in one pass each over the heap; operations/fused-kernel.ts says what they compute. */
export const fusedOperations: readonly KernelConfig[] = [
  fused(fusedKernels.convolution, (call) =>
    fusedConv2D.kernelFunc({ ...call, attrs: { ...call.attrs, activation: 'linear' } }),
  ),
  fused(fusedKernels.reluGradient, ({ inputs, backend }) => {
    const y = input(inputs, 'y');
    return withWorkspace(backend, (workspace) => {
      const dx = workspace.allocate(y.shape);
      const dy = workspace.borrow(input(inputs, 'dy'));
      workspace.simd.reluGradient(dy.address, workspace.borrow(y).address, dx.address, sizeOf(y.shape));
      return workspace.finish(dx, y.shape);
    });
  }),
  fused(fusedKernels.biasGradient, ({ inputs, backend }) => {
    const dy = input(inputs, 'dy');
    const channels = dy.shape.at(-1) ?? 1;
    return withWorkspace(backend, (workspace) => {
      const sums = workspace.allocate([channels]);
      workspace.simd.sumRows(workspace.borrow(dy).address, sums.address, sizeOf(dy.shape) / channels, channels);
      return workspace.finish(sums, [channels]);
    });
  }),
  fused(fusedKernels.spaceToDepth, ({ inputs, backend }) => {
    const [batch = 0, height = 0, width = 0, channels = 0] = input(inputs, 'x').shape;
    const axes: [number, number, number, number] = [(batch * height) / 2, 2, width / 2, 2 * channels];
    return swapMiddle(backend, input(inputs, 'x'), axes, [batch, height / 2, width / 2, 4 * channels]);
  }),
  fused(fusedKernels.depthToSpace, ({ inputs, backend }) => {
    const [batch = 0, height = 0, width = 0, channels = 0] = input(inputs, 'x').shape;
    const axes: [number, number, number, number] = [batch * height, width, 2, channels / 2];
    return swapMiddle(backend, input(inputs, 'x'), axes, [batch, 2 * height, 2 * width, channels / 4]);
  }),
  fused(fusedKernels.crossEntropy, ({ inputs, backend }) => {
    const logits = input(inputs, 'logits');
    const [rows = 0, classes = 0] = logits.shape;
    return withWorkspace(backend, (workspace) => {
      const [losses, slopes] = [workspace.allocate([rows]), workspace.allocate([rows, classes])];
      const addresses = [logits, input(inputs, 'labels')].map((info) => workspace.borrow(info).address);
      const [from = 0, labels = 0] = addresses;
      workspace.simd.crossEntropy(from, labels, losses.address, slopes.address, rows, classes);
      return [workspace.keep(losses), workspace.keep(slopes)];
    });
  }),
  fused(fusedKernels.adam, ({ inputs, attrs, backend }) => {
    const { firstShare, secondShare, epsilon, rate } = attrs as Record<string, number>;
    const { shape } = input(inputs, 'gradient');
    return withWorkspace(backend, (workspace) => {
      const from = ['gradient', 'firstMoment', 'secondMoment'].map(
        (name) => workspace.borrow(input(inputs, name)).address,
      );
      const [gradient = 0, firstMoment = 0, secondMoment = 0] = from;
      const [first, second, step] = [workspace.allocate(shape), workspace.allocate(shape), workspace.allocate(shape)];
      workspace.simd.adam(
        gradient,
        firstMoment,
        secondMoment,
        first.address,
        second.address,
        step.address,
        sizeOf(shape),
        firstShare as number,
        secondShare as number,
        epsilon as number,
        rate as number,
      );
      return [workspace.keep(first), workspace.keep(second), workspace.keep(step)];
    });
  }),
];

function fused(kernelName: FusedKernel, kernelFunc: (call: Call) => TensorInfo | TensorInfo[]): KernelConfig {
  return { kernelName, backendName: 'wasm', kernelFunc };
}

/** x seen as [outer, a, b, run] → [outer, b, a, run], of the shape given. */
function swapMiddle(
  backend: unknown,
  x: TensorInfo,
  [outer, a, b, run]: [number, number, number, number],
  shape: number[],
): TensorInfo {
  return withWorkspace(backend, (workspace) => {
    const result = workspace.allocate(shape);
    workspace.simd.swapMiddle(workspace.borrow(x).address, result.address, outer, a, b, run);
    return workspace.finish(result, shape);
  });
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
