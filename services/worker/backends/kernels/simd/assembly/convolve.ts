import { bytes, multiplyAdd, storeLanes } from './lanes';

/**
 * A convolution over an image that holds its own zero padding, so that no tap needs a look at the border:
 *
 *     y[n, p, q, o] = bias[o] + Σ_i Σ_k x[n·xImage + p·xRow + q·xPixel + i·tapRow + k] · w[i, k, o]
 *
 * where k runs over the `run` numbers that lie side by side under one row of the filter (its width times the channels).
 * Four pixels times eight outputs are held in registers: 8 multiply-adds for 2 loads and 4 broadcasts.
 *
 * @param filter panels of eight outputs as `packFilter` writes them: [⌈outputs / 8⌉][tapRows · run][8]
 * @param bias padded with zeros to a multiple of eight
 * @param yImage, yRow, yPixel distances between images, rows and pixels of the result
 * @param relu 1 = negative results become 0
 */
export function convolve(
  x: usize,
  filter: usize,
  bias: usize,
  y: usize,
  images: i32,
  rows: i32,
  columns: i32,
  xImage: i32,
  xRow: i32,
  xPixel: i32,
  tapRows: i32,
  tapRow: i32,
  run: i32,
  outputs: i32,
  yImage: i32,
  yRow: i32,
  yPixel: i32,
  relu: i32,
): void {
  const panelBytes = bytes(tapRows * run * 8);
  const pixels = rows * columns;
  const runBytes = bytes(run);
  const skip = bytes(tapRow - run);
  for (let n = 0; n < images; n++) {
    const image = x + bytes(n * xImage);
    const result = y + bytes(n * yImage);
    for (let o = 0; o < outputs; o += 8) {
      const panel = filter + <usize>(o >> 3) * panelBytes;
      const start = bias + bytes(o);
      const target = result + bytes(o);
      const lanes = min(8, outputs - o);
      let p = 0;
      let q = 0;
      for (let pixel = 0; pixel < pixels; pixel += 4) {
        // The last tile repeats the last pixel: computed again, stored again.
        const x0 = image + bytes(p * xRow + q * xPixel);
        const y0 = target + bytes(p * yRow + q * yPixel);
        let x1 = x0,
          x2 = x0,
          x3 = x0;
        let y1 = y0,
          y2 = y0,
          y3 = y0;
        if (++q == columns) ((q = 0), p++);
        if (p < rows) {
          x1 = image + bytes(p * xRow + q * xPixel);
          y1 = target + bytes(p * yRow + q * yPixel);
          if (++q == columns) ((q = 0), p++);
        }
        if (p < rows) {
          x2 = image + bytes(p * xRow + q * xPixel);
          y2 = target + bytes(p * yRow + q * yPixel);
          if (++q == columns) ((q = 0), p++);
        }
        if (p < rows) {
          x3 = image + bytes(p * xRow + q * xPixel);
          y3 = target + bytes(p * yRow + q * yPixel);
          if (++q == columns) ((q = 0), p++);
        }
        if (lanes > 4) tile8(x0, x1, x2, x3, panel, start, tapRows, runBytes, skip, y0, y1, y2, y3, lanes, relu);
        else tile4(x0, x1, x2, x3, panel, start, tapRows, runBytes, skip, y0, y1, y2, y3, lanes, relu);
      }
    }
  }
}

/** Four pixels times eight outputs. A function of its own, so that its loop has all registers. */
function tile8(
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  panel: usize,
  bias: usize,
  tapRows: i32,
  runBytes: usize,
  skip: usize,
  y0: usize,
  y1: usize,
  y2: usize,
  y3: usize,
  lanes: i32,
  relu: i32,
): void {
  let a0 = v128.load(bias);
  let b0 = v128.load(bias, 16);
  let a1 = a0,
    a2 = a0,
    a3 = a0;
  let b1 = b0,
    b2 = b0,
    b3 = b0;
  for (let i = 0; i < tapRows; i++) {
    const end = x0 + runBytes;
    while (x0 < end) {
      const u = v128.load(panel);
      const v = v128.load(panel, 16);
      let s = v128.load32_splat(x0);
      a0 = multiplyAdd(s, u, a0);
      b0 = multiplyAdd(s, v, b0);
      s = v128.load32_splat(x1);
      a1 = multiplyAdd(s, u, a1);
      b1 = multiplyAdd(s, v, b1);
      s = v128.load32_splat(x2);
      a2 = multiplyAdd(s, u, a2);
      b2 = multiplyAdd(s, v, b2);
      s = v128.load32_splat(x3);
      a3 = multiplyAdd(s, u, a3);
      b3 = multiplyAdd(s, v, b3);
      panel += 32;
      x0 += 4;
      x1 += 4;
      x2 += 4;
      x3 += 4;
    }
    x0 += skip;
    x1 += skip;
    x2 += skip;
    x3 += skip;
  }
  if (relu) {
    const zero = f32x4.splat(0);
    ((a0 = f32x4.max(a0, zero)), (b0 = f32x4.max(b0, zero)));
    ((a1 = f32x4.max(a1, zero)), (b1 = f32x4.max(b1, zero)));
    ((a2 = f32x4.max(a2, zero)), (b2 = f32x4.max(b2, zero)));
    ((a3 = f32x4.max(a3, zero)), (b3 = f32x4.max(b3, zero)));
  }
  (v128.store(y0, a0), storeLanes(y0 + 16, b0, lanes - 4));
  (v128.store(y1, a1), storeLanes(y1 + 16, b1, lanes - 4));
  (v128.store(y2, a2), storeLanes(y2 + 16, b2, lanes - 4));
  (v128.store(y3, a3), storeLanes(y3 + 16, b3, lanes - 4));
}

/** Four pixels times the last one to four outputs; the second half of the panel is not read. */
function tile4(
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  panel: usize,
  bias: usize,
  tapRows: i32,
  runBytes: usize,
  skip: usize,
  y0: usize,
  y1: usize,
  y2: usize,
  y3: usize,
  lanes: i32,
  relu: i32,
): void {
  let a0 = v128.load(bias);
  let a1 = a0,
    a2 = a0,
    a3 = a0;
  for (let i = 0; i < tapRows; i++) {
    const end = x0 + runBytes;
    while (x0 < end) {
      const u = v128.load(panel);
      a0 = multiplyAdd(v128.load32_splat(x0), u, a0);
      a1 = multiplyAdd(v128.load32_splat(x1), u, a1);
      a2 = multiplyAdd(v128.load32_splat(x2), u, a2);
      a3 = multiplyAdd(v128.load32_splat(x3), u, a3);
      panel += 32;
      x0 += 4;
      x1 += 4;
      x2 += 4;
      x3 += 4;
    }
    x0 += skip;
    x1 += skip;
    x2 += skip;
    x3 += skip;
  }
  if (relu) {
    const zero = f32x4.splat(0);
    a0 = f32x4.max(a0, zero);
    a1 = f32x4.max(a1, zero);
    a2 = f32x4.max(a2, zero);
    a3 = f32x4.max(a3, zero);
  }
  storeLanes(y0, a0, lanes);
  storeLanes(y1, a1, lanes);
  storeLanes(y2, a2, lanes);
  storeLanes(y3, a3, lanes);
}
