import type { KernelConfig } from '@tensorflow/tfjs-core';
import { convGeometry, reach, type ConvCall } from './conv-geometry.js';
import { padImages } from './padded-image.js';
import { suitsWinograd, winogradFilterGradient } from './winograd.js';
import { input, requireChannelsLast, withWorkspace, zeros, type HeapTensor, type Workspace } from './workspace.js';

interface Attributes extends ConvCall {
  readonly dataFormat: string;
  readonly filterShape: [number, number, number, number];
}

/** Numbers that one instruction works on. */
const lanes = 4;

/** Output pixels taken at once, so that they and what is under the filter stay in the nearest cache. */
const blockPixels = 64;

/**
 * Gradient of a convolution with respect to its filter, which the wasm backend lacks.
 *
 * y[n, p, q, o] = Σ x[n, p·s + i − top, q·s + j − left, c] · w[i, j, c, o], and therefore
 * dw[i, j, c, o] = Σₙₚᵩ x[n, p·s + i − top, q·s + j − left, c] · dy[n, p, q, o]: for each filter row i, the product of
 * two matrices whose inner side runs over the pixels. With the image padded, both are in memory as they stand, (j, c)
 * side by side in the one and o in the other; see `assembly/filter-gradient.ts`.
 *
 * Inputs: x [n, h, w, c], dy [n, p, q, o]; result [i, j, c, o].
 */
export const conv2DBackpropFilter: KernelConfig = {
  kernelName: 'Conv2DBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const attributes = attrs as unknown as Attributes;
    requireChannelsLast('Conv2DBackpropFilter', attributes.dataFormat);
    const x = input(inputs, 'x');
    const geometry = convGeometry(x.shape, attributes.filterShape, attributes);
    const { batch, inChannels, outHeight, outWidth, outChannels, filterHeight, filterWidth } = geometry;
    return withWorkspace(backend, (workspace) => {
      if (suitsWinograd(geometry)) {
        const dy = workspace.borrow(input(inputs, 'dy'));
        const dw = winogradFilterGradient(workspace, workspace.borrow(x), dy, geometry);
        return workspace.finish(dw, attributes.filterShape);
      }
      const outputs = Math.ceil(outChannels / lanes) * lanes;
      const run = filterWidth * inChannels;
      const dw = zeros(workspace, [filterHeight * run, outputs]);
      const image = padImages(workspace, workspace.borrow(x), reach(geometry));
      const dy = fitRows(workspace, workspace.borrow(input(inputs, 'dy')), outChannels, outputs);
      workspace.simd.filterGradient(
        image.address,
        dy.address,
        dw.address,
        batch,
        outHeight,
        outWidth,
        image.height * image.width * inChannels,
        geometry.strideHeight * image.width * inChannels,
        geometry.strideWidth * inChannels,
        filterHeight,
        image.width * inChannels,
        run,
        outputs,
        Math.max(1, Math.round(blockPixels / outWidth)),
      );
      return workspace.finish(fitRows(workspace, dw, outputs, outChannels), attributes.filterShape);
    });
  },
};

/** A matrix with its rows cut or filled up with zeros; one whose rows fit is used as it is. */
function fitRows(workspace: Workspace, matrix: HeapTensor, width: number, toWidth: number): HeapTensor {
  if (width === toWidth) return matrix;
  const rows = matrix.info.shape.reduce((product, side) => product * side, 1) / width;
  const fitted = workspace.allocate([rows, toWidth]);
  workspace.simd.fitRows(matrix.address, fitted.address, rows, width, toWidth);
  return fitted;
}
