import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { convGeometry, reach, type ConvCall, type ConvGeometry } from './conv-geometry.js';
import { padImages, wholePanels } from './padded-image.js';
import { replacedKernel } from './replaced.js';
import { suitsWinograd, winogradConvolution } from './winograd.js';
import { input, withWorkspace, zeros, type HeapTensor, type Workspace } from './workspace.js';

interface Attributes extends ConvCall {
  readonly dataFormat: string;
}

/**
 * Convolution, faster than the wasm backend's own (XNNPACK), which calls it for what this one does not know: dilations.
 *
 * y[n, p, q, o] = Σ x[n, p·s + i − top, q·s + j − left, c] · w[i, j, c, o]. With the image padded, the numbers under one
 * row of the filter, (j, c), lie side by side, so that the sum runs over filterHeight runs of filterWidth · channels
 * numbers; see `assembly/convolve.ts` for its order. 3×3 filters with stride 1 take fewer multiplications, see winograd.ts.
 *
 * Inputs: x [n, h, w, c], filter [i, j, c, o]; result [n, p, q, o].
 */
export const conv2D: KernelConfig = {
  kernelName: 'Conv2D',
  backendName: 'wasm',
  kernelFunc: (call) => {
    const { inputs, attrs, backend } = call;
    const attributes = attrs as unknown as Attributes;
    const [x, filter] = [input(inputs, 'x'), input(inputs, 'filter')];
    const geometry = convGeometry(x.shape, filter.shape, attributes);
    if (!isKnown(geometry, attributes)) return replacedKernel('Conv2D').kernelFunc(call);
    return convolve(backend, x, filter, undefined, geometry, false);
  },
};

interface FusedAttributes extends Attributes {
  readonly activation: string;
}

/**
 * The same with a bias and, if asked for, max(0, y), both while the sums are still in registers. Other activations and
 * forms of a bias are left to the wasm backend's own kernel.
 *
 * Inputs: as Conv2D, and bias [o].
 */
export const fusedConv2D: KernelConfig = {
  kernelName: 'FusedConv2D',
  backendName: 'wasm',
  kernelFunc: (call) => {
    const { inputs, attrs, backend } = call;
    const attributes = attrs as unknown as FusedAttributes;
    const [x, filter] = [input(inputs, 'x'), input(inputs, 'filter')];
    const geometry = convGeometry(x.shape, filter.shape, attributes);
    const { activation } = attributes;
    const { bias } = inputs as { readonly bias?: TensorInfo };
    const biasIsKnown = bias === undefined || (bias.shape.length === 1 && bias.shape[0] === geometry.outChannels);
    if (!isKnown(geometry, attributes) || !['linear', 'relu'].includes(activation) || !biasIsKnown) {
      return replacedKernel('FusedConv2D').kernelFunc(call);
    }
    return convolve(backend, x, filter, bias, geometry, activation === 'relu');
  },
};

function isKnown({ dilationHeight, dilationWidth }: ConvGeometry, { dataFormat }: Attributes): boolean {
  return dilationHeight === 1 && dilationWidth === 1 && dataFormat === 'NHWC';
}

function convolve(
  backend: unknown,
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | undefined,
  geometry: ConvGeometry,
  relu: boolean,
): TensorInfo {
  const { batch, inChannels, outHeight, outWidth, outChannels, filterHeight, filterWidth } = geometry;
  const { strideHeight, strideWidth } = geometry;
  const shape = [batch, outHeight, outWidth, outChannels];
  return withWorkspace(backend, (workspace) => {
    const { simd } = workspace;
    const y = workspace.allocate(shape);
    const run = filterWidth * inChannels;
    const packed = workspace.allocate([filterHeight * run, wholePanels(outChannels)]);
    simd.packFilter(workspace.borrow(filter).address, packed.address, filterHeight * run, outChannels);
    const padded = paddedBias(workspace, bias, outChannels);
    if (suitsWinograd(geometry)) {
      const { top, left } = geometry;
      winogradConvolution(workspace, { x: workspace.borrow(x), top, left, packed, bias: padded, y, relu });
      return workspace.finish(y, shape);
    }
    const image = padImages(workspace, workspace.borrow(x), reach(geometry));
    simd.convolve(
      image.address,
      packed.address,
      padded.address,
      y.address,
      batch,
      outHeight,
      outWidth,
      image.height * image.width * inChannels,
      strideHeight * image.width * inChannels,
      strideWidth * inChannels,
      filterHeight,
      image.width * inChannels,
      run,
      outChannels,
      outHeight * outWidth * outChannels,
      outWidth * outChannels,
      outChannels,
      relu ? 1 : 0,
    );
    return workspace.finish(y, shape);
  });
}

function paddedBias(workspace: Workspace, bias: TensorInfo | undefined, outputs: number): HeapTensor {
  const padded = zeros(workspace, [wholePanels(outputs)]);
  if (bias !== undefined) {
    const from = workspace.borrow(bias).start;
    workspace.floats().copyWithin(padded.start, from, from + outputs);
  }
  return padded;
}
