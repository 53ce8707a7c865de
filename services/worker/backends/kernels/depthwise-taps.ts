import type { ConvGeometry } from './conv-geometry.js';

/**
 * Visits every meeting of an output pixel, a filter place and an input pixel that lies inside the image.
 * @param visit gets the three as positions in row-major order: [n, y, x], [n, p, q] and [i, j]
 */
export function forEachTap(
  geometry: ConvGeometry,
  visit: (inPixel: number, outPixel: number, place: number) => void,
): void {
  const { batch, inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth } = geometry;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, top, left } = geometry;
  for (let n = 0; n < batch; n += 1) {
    for (let p = 0; p < outHeight; p += 1) {
      for (let i = 0; i < filterHeight; i += 1) {
        const y = p * strideHeight + i * dilationHeight - top;
        if (y < 0 || y >= inHeight) continue;
        for (let q = 0; q < outWidth; q += 1) {
          for (let j = 0; j < filterWidth; j += 1) {
            const x = q * strideWidth + j * dilationWidth - left;
            if (x < 0 || x >= inWidth) continue;
            visit((n * inHeight + y) * inWidth + x, (n * outHeight + p) * outWidth + q, i * filterWidth + j);
          }
        }
      }
    }
  }
}
