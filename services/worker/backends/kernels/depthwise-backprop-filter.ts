import type { KernelConfig } from '@tensorflow/tfjs-core';
import { convGeometry, type ConvCall } from './conv-geometry.js';
import { forEachTap } from './depthwise-taps.js';
import { input, withWorkspace } from './workspace.js';

interface Attributes extends ConvCall {
  readonly filterShape: [number, number, number, number];
}

/**
 * Gradient of a depthwise convolution with respect to its filter, which the wasm backend lacks.
 *
 * y[n, p, q, c·d + e] = Σ x[n, p·s + i·l − top, …, c] · w[i, j, c, e] for d filters a channel and dilation l, so
 * dw[i, j, c, e] = Σₙₚᵩ x[n, p·s + i·l − top, …, c] · dy[n, p, q, c·d + e]. The sums run over all pixels of a batch
 * and are kept in double precision.
 *
 * Inputs: x [n, y, x, c], dy [n, p, q, c·d]; result [i, j, c, d].
 */
export const depthwiseBackpropFilter: KernelConfig = {
  kernelName: 'DepthwiseConv2dNativeBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const attributes = attrs as unknown as Attributes;
    const image = input(inputs, 'x');
    const geometry = convGeometry(image.shape, attributes.filterShape, attributes, true);
    const channels = geometry.inChannels;
    const multiplier = geometry.outChannels / channels;
    return withWorkspace(backend, (workspace) => {
      const dw = workspace.allocate(attributes.filterShape);
      const x = workspace.borrow(image);
      const dy = workspace.borrow(input(inputs, 'dy'));
      const heap = workspace.floats();
      const sums = new Float64Array(geometry.filterHeight * geometry.filterWidth * channels * multiplier);
      forEachTap(geometry, (inPixel, outPixel, place) => {
        const from = x.start + inPixel * channels;
        const gradient = dy.start + outPixel * channels * multiplier;
        const to = place * channels * multiplier;
        for (let c = 0, k = 0; c < channels; c += 1) {
          const value = heap[from + c] as number;
          for (let e = 0; e < multiplier; e += 1, k += 1) {
            sums[to + k] = (sums[to + k] as number) + value * (heap[gradient + k] as number);
          }
        }
      });
      heap.set(sums, dw.start);
      return workspace.finish(dw, attributes.filterShape);
    });
  },
};
