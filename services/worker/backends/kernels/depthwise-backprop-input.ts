import type { KernelConfig } from '@tensorflow/tfjs-core';
import { convGeometry, type ConvCall } from './conv-geometry.js';
import { forEachTap } from './depthwise-taps.js';
import { input, withWorkspace, zeros } from './workspace.js';

interface Attributes extends ConvCall {
  readonly inputShape: [number, number, number, number];
}

/**
 * Gradient of a depthwise convolution with respect to its input, which the wasm backend lacks.
 *
 * y[n, p, q, c·d + e] = Σ x[n, p·s + i·l − top, …, c] · w[i, j, c, e] for d filters a channel and dilation l, so
 * dx[n, p·s + i·l − top, …, c] gains dy[n, p, q, c·d + e] · w[i, j, c, e]. A plain loop: one product a number read
 * is bound by memory, and no matrix product would save any.
 *
 * Inputs: dy [n, p, q, c·d], filter [i, j, c, d]; result [n, y, x, c].
 */
export const depthwiseBackpropInput: KernelConfig = {
  kernelName: 'DepthwiseConv2dNativeBackpropInput',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const attributes = attrs as unknown as Attributes;
    const filterInfo = input(inputs, 'filter');
    const geometry = convGeometry(attributes.inputShape, filterInfo.shape, attributes, true);
    const channels = geometry.inChannels;
    const multiplier = geometry.outChannels / channels;
    return withWorkspace(backend, (workspace) => {
      const dx = zeros(workspace, attributes.inputShape);
      const dy = workspace.borrow(input(inputs, 'dy'));
      const filter = workspace.borrow(filterInfo);
      const heap = workspace.floats();
      forEachTap(geometry, (inPixel, outPixel, place) => {
        const to = dx.start + inPixel * channels;
        const from = dy.start + outPixel * channels * multiplier;
        const weights = filter.start + place * channels * multiplier;
        for (let c = 0, k = 0; c < channels; c += 1) {
          let sum = heap[to + c] as number;
          for (let e = 0; e < multiplier; e += 1, k += 1) {
            sum += (heap[from + k] as number) * (heap[weights + k] as number);
          }
          heap[to + c] = sum;
        }
      });
      return workspace.finish(dx, attributes.inputShape);
    });
  },
};
