import type { KernelConfig } from '@tensorflow/tfjs-core';
import { forEachPoolWindow, type PoolCall } from './pool-windows.js';
import { input, withWorkspace, zeros } from './workspace.js';

/**
 * Gradient of average pooling; replaces the wasm backend's own, which divides by the whole filter at the border, where
 * the forward kernel divides by the pixels inside the image.
 *
 * y[n, p, q, c] = mean x[n, window(p, q), c], so each pixel of a window gains dy[n, p, q, c] / |window|.
 *
 * Inputs: dy [n, p, q, c], input [n, h, w, c]; result [n, h, w, c].
 */
export const avgPoolGrad: KernelConfig = {
  kernelName: 'AvgPoolGrad',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const image = input(inputs, 'input');
    const [, height, width, channels] = image.shape as [number, number, number, number];
    return withWorkspace(backend, (workspace) => {
      const dx = zeros(workspace, image.shape);
      const dy = workspace.borrow(input(inputs, 'dy'));
      const heap = workspace.floats();
      forEachPoolWindow(image.shape, attrs as unknown as PoolCall, ({ n, top, bottom, left, right }, outPixel) => {
        const share = 1 / ((bottom - top) * (right - left));
        const from = dy.start + outPixel * channels;
        for (let i = top; i < bottom; i += 1) {
          for (let j = left; j < right; j += 1) {
            const to = dx.start + ((n * height + i) * width + j) * channels;
            for (let c = 0; c < channels; c += 1) {
              heap[to + c] = (heap[to + c] as number) + share * (heap[from + c] as number);
            }
          }
        }
      });
      return workspace.finish(dx, image.shape);
    });
  },
};
