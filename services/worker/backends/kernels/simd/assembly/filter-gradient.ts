import { bytes, multiplyAdd } from './lanes';

/**
 * Adds to a filter's gradient the products of an image under each filter row with the gradient of the output:
 *
 *     dw[i, k, o] += Σ_n Σ_p Σ_q x[n·xImage + p·xRow + q·xPixel + i·tapRow + k] · dy[n, p, q, o]
 *
 * with the image padded and k running over a row of taps as in `convolve`. Nothing is unrolled in memory: each pixel adds
 * the outer product of its `run` numbers and its outputs, four times eight of them in registers, over a block of output
 * rows that stays in the nearest cache.
 *
 * @param dw [tapRows, run, outputs], zeros or a sum so far
 * @param outputs a multiple of four
 * @param blockRows output rows taken at once
 */
export function filterGradient(
  x: usize,
  dy: usize,
  dw: usize,
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
  blockRows: i32,
): void {
  const xStep = bytes(xPixel);
  const xSkip = bytes(xRow - columns * xPixel);
  const dyStep = bytes(outputs);
  const dyRow = bytes(columns * outputs);
  for (let n = 0; n < images; n++) {
    for (let first = 0; first < rows; first += blockRows) {
      const many = min(blockRows, rows - first);
      const gradient = dy + <usize>(n * rows + first) * dyRow;
      for (let i = 0; i < tapRows; i++) {
        const image = x + bytes(n * xImage + first * xRow + i * tapRow);
        for (let k = 0; k < run;) {
          const from = image + bytes(k);
          const to = dw + bytes((i * run + k) * outputs);
          const four = run - k >= 4;
          for (let o = 0; o < outputs; o += 8) {
            const at = bytes(o);
            if (outputs - o < 8) {
              if (four) tile4x4(from, gradient + at, to + at, many, dyRow, xStep, xSkip, dyStep);
              else tile1x4(from, gradient + at, to + at, many, dyRow, xStep, xSkip, dyStep);
            } else if (four) tile4x8(from, gradient + at, to + at, many, dyRow, xStep, xSkip, dyStep);
            else tile1x8(from, gradient + at, to + at, many, dyRow, xStep, xSkip, dyStep);
          }
          k += four ? 4 : 1;
        }
      }
    }
  }
}

/** Four numbers of the image times eight outputs, over `rows` rows of pixels. */
function tile4x8(
  x: usize,
  dy: usize,
  dw: usize,
  rows: i32,
  dyRow: usize,
  xStep: usize,
  xSkip: usize,
  dyStep: usize,
): void {
  let at = dw;
  let a0 = v128.load(at);
  let b0 = v128.load(at, 16);
  at += dyStep;
  let a1 = v128.load(at);
  let b1 = v128.load(at, 16);
  at += dyStep;
  let a2 = v128.load(at);
  let b2 = v128.load(at, 16);
  at += dyStep;
  let a3 = v128.load(at);
  let b3 = v128.load(at, 16);
  for (let p = 0; p < rows; p++) {
    const end = dy + dyRow;
    while (dy < end) {
      const u = v128.load(dy);
      const v = v128.load(dy, 16);
      let s = v128.load32_splat(x);
      a0 = multiplyAdd(s, u, a0);
      b0 = multiplyAdd(s, v, b0);
      s = v128.load32_splat(x, 4);
      a1 = multiplyAdd(s, u, a1);
      b1 = multiplyAdd(s, v, b1);
      s = v128.load32_splat(x, 8);
      a2 = multiplyAdd(s, u, a2);
      b2 = multiplyAdd(s, v, b2);
      s = v128.load32_splat(x, 12);
      a3 = multiplyAdd(s, u, a3);
      b3 = multiplyAdd(s, v, b3);
      dy += dyStep;
      x += xStep;
    }
    x += xSkip;
  }
  (v128.store(dw, a0), v128.store(dw, b0, 16));
  dw += dyStep;
  (v128.store(dw, a1), v128.store(dw, b1, 16));
  dw += dyStep;
  (v128.store(dw, a2), v128.store(dw, b2, 16));
  dw += dyStep;
  (v128.store(dw, a3), v128.store(dw, b3, 16));
}

function tile4x4(
  x: usize,
  dy: usize,
  dw: usize,
  rows: i32,
  dyRow: usize,
  xStep: usize,
  xSkip: usize,
  dyStep: usize,
): void {
  let a0 = v128.load(dw);
  let a1 = v128.load(dw + dyStep);
  let a2 = v128.load(dw + 2 * dyStep);
  let a3 = v128.load(dw + 3 * dyStep);
  for (let p = 0; p < rows; p++) {
    const end = dy + dyRow;
    while (dy < end) {
      const u = v128.load(dy);
      a0 = multiplyAdd(v128.load32_splat(x), u, a0);
      a1 = multiplyAdd(v128.load32_splat(x, 4), u, a1);
      a2 = multiplyAdd(v128.load32_splat(x, 8), u, a2);
      a3 = multiplyAdd(v128.load32_splat(x, 12), u, a3);
      dy += dyStep;
      x += xStep;
    }
    x += xSkip;
  }
  v128.store(dw, a0);
  v128.store(dw + dyStep, a1);
  v128.store(dw + 2 * dyStep, a2);
  v128.store(dw + 3 * dyStep, a3);
}

function tile1x8(
  x: usize,
  dy: usize,
  dw: usize,
  rows: i32,
  dyRow: usize,
  xStep: usize,
  xSkip: usize,
  dyStep: usize,
): void {
  let a = v128.load(dw);
  let b = v128.load(dw, 16);
  for (let p = 0; p < rows; p++) {
    const end = dy + dyRow;
    while (dy < end) {
      const s = v128.load32_splat(x);
      a = multiplyAdd(s, v128.load(dy), a);
      b = multiplyAdd(s, v128.load(dy, 16), b);
      dy += dyStep;
      x += xStep;
    }
    x += xSkip;
  }
  v128.store(dw, a);
  v128.store(dw, b, 16);
}

function tile1x4(
  x: usize,
  dy: usize,
  dw: usize,
  rows: i32,
  dyRow: usize,
  xStep: usize,
  xSkip: usize,
  dyStep: usize,
): void {
  let a = v128.load(dw);
  for (let p = 0; p < rows; p++) {
    const end = dy + dyRow;
    while (dy < end) {
      a = multiplyAdd(v128.load32_splat(x), v128.load(dy), a);
      dy += dyStep;
      x += xStep;
    }
    x += xSkip;
  }
  v128.store(dw, a);
}
