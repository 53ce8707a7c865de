import { convolve } from './convolve';
import { filterGradient } from './filter-gradient';
import { bytes } from './lanes';
import { gradientTile, imageTile, resultTile } from './winograd-tiles';

/**
 * 3×3 convolutions with stride 1 by Winograd's minimal filtering F(2×2, 3×3) (Lavin & Gray 2016, section 4.1). With the
 * image d of 4×4 pixels under a tile of 2×2 results, and the filter g,
 *
 *     Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A
 *
 * so that 16 products stand for 36. The products at one of the 16 points, over all tiles and channels, are a product of
 * matrices: that of the tiles' numbers [tiles, inputs] with the filters' [inputs, outputs].
 */
const points = 16;

/** Where a tile begins: `step` pixels apart in a padded image. */
function tileAddress(from: usize, tile: i32, tileRows: i32, tileColumns: i32, image: i32, row: i32, pixel: i32): usize {
  const perImage = tileRows * tileColumns;
  const n = tile / perImage;
  const inImage = tile - n * perImage;
  const i = inImage / tileColumns;
  const j = inImage - i * tileColumns;
  return from + bytes(n * image + 2 * i * row + 2 * j * pixel);
}

/** Bᵀ d B of tiles first … first + count − 1; to [16][block][inputs]. */
function transformImages(
  x: usize,
  to: usize,
  first: i32,
  count: i32,
  block: i32,
  tileRows: i32,
  tileColumns: i32,
  xImage: i32,
  xRow: i32,
  inputs: i32,
): void {
  const point = bytes(block * inputs);
  for (let t = 0; t < count; t++) {
    const d = tileAddress(x, first + t, tileRows, tileColumns, xImage, xRow, inputs);
    const v = to + bytes(t * inputs);
    for (let c: usize = 0; c < bytes(inputs); c += 16) imageTile(d + c, v + c, bytes(xRow), bytes(inputs), point);
  }
}

/**
 * The convolution of padded images.
 *
 * @param x [images, at least 2 · tileRows + 2, at least 2 · tileColumns + 2, inputs]; xImage, xRow: distances in it
 * @param filter [16][⌈outputs / 8⌉][inputs][8], as `winogradFilter` writes it
 * @param bias padded with zeros to a multiple of eight
 * @param y [images, rows, columns, outputs]
 * @param noBias zeros, as many
 * @param v room for 16 · block · inputs floats; m for 16 · block · outputs, these rounded up to a multiple of four
 * @param inputs a multiple of four
 * @param block tiles taken at once
 * @param relu 1 = negative results become 0
 */
export function winogradConvolve(
  x: usize,
  filter: usize,
  bias: usize,
  y: usize,
  noBias: usize,
  v: usize,
  m: usize,
  images: i32,
  rows: i32,
  columns: i32,
  xImage: i32,
  xRow: i32,
  inputs: i32,
  outputs: i32,
  block: i32,
  relu: i32,
): void {
  const tileRows = (rows + 1) >> 1;
  const tileColumns = (columns + 1) >> 1;
  const perImage = tileRows * tileColumns;
  const tiles = images * perImage;
  const pitch = (outputs + 3) & ~3;
  const filterPoint = bytes(((outputs + 7) >> 3) * inputs * 8);
  const mPoint = bytes(block * pitch);
  for (let first = 0; first < tiles; first += block) {
    const count = min(block, tiles - first);
    transformImages(x, v, first, count, block, tileRows, tileColumns, xImage, xRow, inputs);
    for (let point = 0; point < points; point++) {
      convolve(
        v + bytes(point * block * inputs),
        filter + <usize>point * filterPoint,
        noBias,
        m + <usize>point * mPoint,
        1,
        1,
        count,
        0,
        0,
        inputs,
        1,
        inputs,
        inputs,
        pitch,
        0,
        0,
        pitch,
        0,
      );
    }
    for (let t = 0; t < count; t++) {
      const inImage = (first + t) % perImage;
      const i = inImage / tileColumns;
      const below = 2 * i + 1 < rows;
      const beside = 2 * (inImage - i * tileColumns) + 1 < columns;
      const result = tileAddress(
        y,
        first + t,
        tileRows,
        tileColumns,
        rows * columns * outputs,
        columns * outputs,
        outputs,
      );
      const from = m + bytes(t * pitch);
      for (let o = 0; o < outputs; o += 4) {
        const at = bytes(o);
        const lanes = outputs - o;
        resultTile(
          from + at,
          bias + at,
          result + at,
          mPoint,
          bytes(columns * outputs),
          bytes(outputs),
          below,
          beside,
          lanes,
          relu,
        );
      }
    }
  }
}

/**
 * The gradient with respect to the filter, before its own transform: the same products with the gradient of the results
 * in the filter's place, added up over the tiles, dg = Gᵀ [Σ (A dY Aᵀ) ⊙ (Bᵀ d B)] G.
 *
 * @param x as for `winogradConvolve`
 * @param dy [images, 2 · tileRows, 2 · tileColumns, outputs], what is past the results' edge is 0
 * @param v, g room for 16 · block · inputs and 16 · block · outputs floats
 * @param sums [16][inputs][outputs], zeros
 * @param outputs, inputs multiples of four
 */
export function winogradFilterGradient(
  x: usize,
  dy: usize,
  v: usize,
  g: usize,
  sums: usize,
  images: i32,
  tileRows: i32,
  tileColumns: i32,
  xImage: i32,
  xRow: i32,
  inputs: i32,
  outputs: i32,
  block: i32,
): void {
  const tiles = images * tileRows * tileColumns;
  const dyRow = 2 * tileColumns * outputs;
  const gPoint = bytes(block * outputs);
  for (let first = 0; first < tiles; first += block) {
    const count = min(block, tiles - first);
    transformImages(x, v, first, count, block, tileRows, tileColumns, xImage, xRow, inputs);
    for (let t = 0; t < count; t++) {
      const d = tileAddress(dy, first + t, tileRows, tileColumns, 2 * tileRows * dyRow, dyRow, outputs);
      const to = g + bytes(t * outputs);
      for (let o: usize = 0; o < bytes(outputs); o += 16)
        gradientTile(d + o, to + o, bytes(dyRow), bytes(outputs), gPoint);
    }
    for (let point = 0; point < points; point++) {
      filterGradient(
        v + bytes(point * block * inputs),
        g + <usize>point * gPoint,
        sums + bytes(point * inputs * outputs),
        1,
        1,
        count,
        0,
        count * inputs,
        inputs,
        1,
        0,
        inputs,
        outputs,
        1,
      );
    }
  }
}
