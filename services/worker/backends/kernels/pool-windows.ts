import { backend_util } from '@tensorflow/tfjs-core';

/** How a pooling was called; names are those of TensorFlow.js's kernel attributes. */
export interface PoolCall {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil' | undefined;
}

/** The part of a pooling window that lies inside the image: image n, rows top..bottom, columns left..right (ends excluded). */
export interface PoolWindow {
  readonly n: number;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * Visits every output pixel of a pooling with its window.
 * @param shape of the input, [batch, height, width, channels]
 * @param visit gets the window and the output pixel's position, row-major over [n, p, q]
 */
export function forEachPoolWindow(
  shape: readonly number[],
  call: PoolCall,
  visit: (window: PoolWindow, outPixel: number) => void,
): void {
  const inputShape = shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(
    inputShape,
    call.filterSize,
    call.strides,
    1,
    call.pad,
    call.dimRoundingMode,
  );
  let outPixel = 0;
  for (let n = 0; n < info.batchSize; n += 1) {
    for (let p = 0; p < info.outHeight; p += 1) {
      const y = p * info.strideHeight - info.padInfo.top;
      for (let q = 0; q < info.outWidth; q += 1, outPixel += 1) {
        const x = q * info.strideWidth - info.padInfo.left;
        const window = {
          n,
          top: Math.max(0, y),
          bottom: Math.min(info.inHeight, y + info.filterHeight),
          left: Math.max(0, x),
          right: Math.min(info.inWidth, x + info.filterWidth),
        };
        visit(window, outPixel);
      }
    }
  }
}
