import type { KernelConfig } from '@tensorflow/tfjs-core';
import { forEachPoolWindow, type PoolCall } from './pool-windows.js';
import { input, withWorkspace, zeros } from './workspace.js';

/**
 * Gradient of max pooling; replaces the wasm backend's own, which loses windows whose largest value is 0. After a ReLU
 * those are common.
 *
 * y[n, p, q, c] = max x[n, window(p, q), c]: dy goes to the window's largest value. Where several are equal any one is a
 * valid subgradient; the first in row-major order gets all of it, as in TensorFlow.
 *
 * Inputs: dy [n, p, q, c], input [n, h, w, c]; result [n, h, w, c].
 */
export const maxPoolGrad: KernelConfig = {
  kernelName: 'MaxPoolGrad',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const image = input(inputs, 'input');
    const [, height, width, channels] = image.shape as [number, number, number, number];
    return withWorkspace(backend, (workspace) => {
      const dx = zeros(workspace, image.shape);
      const x = workspace.borrow(image);
      const dy = workspace.borrow(input(inputs, 'dy'));
      const heap = workspace.floats();
      forEachPoolWindow(image.shape, attrs as unknown as PoolCall, ({ n, top, bottom, left, right }, outPixel) => {
        for (let c = 0; c < channels; c += 1) {
          let largest = -Infinity;
          let place = -1;
          for (let i = top; i < bottom; i += 1) {
            for (let j = left; j < right; j += 1) {
              const at = ((n * height + i) * width + j) * channels + c;
              const value = heap[x.start + at] as number;
              if (place < 0 || value > largest) [largest, place] = [value, at];
            }
          }
          if (place < 0) continue;
          const to = dx.start + place;
          heap[to] = (heap[to] as number) + (heap[dy.start + outPixel * channels + c] as number);
        }
      });
      return workspace.finish(dx, image.shape);
    });
  },
};
