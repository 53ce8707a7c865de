import { bytes } from './lanes';

/** dx = dy where y > 0, elsewhere 0: the gradient of a rectified linear unit by its result. */
export function reluGradient(dy: usize, y: usize, dx: usize, size: i32): void {
  const zero = f32x4.splat(0);
  const wholeEnd = dx + bytes(size & ~3);
  const end = dx + bytes(size);
  while (dx < wholeEnd) {
    v128.store(dx, v128.and(v128.load(dy), f32x4.gt(v128.load(y), zero)));
    dx += 16;
    dy += 16;
    y += 16;
  }
  while (dx < end) {
    store<f32>(dx, load<f32>(y) > 0 ? load<f32>(dy) : 0);
    dx += 4;
    dy += 4;
    y += 4;
  }
}

/** sums[c] = Σ_row matrix[row, c]: the gradient of a bias. */
export function sumRows(matrix: usize, sums: usize, rows: i32, columns: i32): void {
  const row = bytes(columns);
  let c = 0;
  for (; c + 16 <= columns; c += 16) {
    let at = matrix + bytes(c);
    let s0 = f32x4.splat(0);
    let s1 = s0,
      s2 = s0,
      s3 = s0;
    for (let r = 0; r < rows; r++) {
      s0 = f32x4.add(s0, v128.load(at));
      s1 = f32x4.add(s1, v128.load(at, 16));
      s2 = f32x4.add(s2, v128.load(at, 32));
      s3 = f32x4.add(s3, v128.load(at, 48));
      at += row;
    }
    const to = sums + bytes(c);
    v128.store(to, s0);
    v128.store(to, s1, 16);
    v128.store(to, s2, 32);
    v128.store(to, s3, 48);
  }
  for (; c + 4 <= columns; c += 4) {
    let at = matrix + bytes(c);
    let s = f32x4.splat(0);
    for (let r = 0; r < rows; r++) {
      s = f32x4.add(s, v128.load(at));
      at += row;
    }
    v128.store(sums + bytes(c), s);
  }
  for (; c < columns; c++) {
    let at = matrix + bytes(c);
    let s: f32 = 0;
    for (let r = 0; r < rows; r++) {
      s += load<f32>(at);
      at += row;
    }
    store<f32>(sums + bytes(c), s);
  }
}

/** [outer, a, b, run] → [outer, b, a, run]. */
export function swapMiddle(from: usize, to: usize, outer: i32, a: i32, b: i32, run: i32): void {
  const size = bytes(run);
  const wholeSize = bytes(run & ~3);
  for (let n = 0; n < outer; n++) {
    for (let j = 0; j < b; j++) {
      for (let i = 0; i < a; i++) {
        const source = from + bytes((i * b + j) * run);
        let k: usize = 0;
        for (; k < wholeSize; k += 16) v128.store(to + k, v128.load(source + k));
        for (; k < size; k += 4) store<f32>(to + k, load<f32>(source + k));
        to += size;
      }
    }
    from += bytes(a * b * run);
  }
}

/**
 * One step of Adam on four numbers at a time:
 * m' = m + (1 − β₁)(g − m), v' = v + (1 − β₂)(g² − v), step = rate · m' / (√v' + ε).
 *
 * @param size floats in each vector
 * @param first, second 1 − β₁ and 1 − β₂
 */
export function adam(
  gradient: usize,
  m: usize,
  v: usize,
  newM: usize,
  newV: usize,
  step: usize,
  size: i32,
  first: f32,
  second: f32,
  epsilon: f32,
  rate: f32,
): void {
  const whole = bytes(size & ~3);
  const shareM = f32x4.splat(first);
  const shareV = f32x4.splat(second);
  const small = f32x4.splat(epsilon);
  const rates = f32x4.splat(rate);
  let k: usize = 0;
  for (; k < whole; k += 16) {
    const g = v128.load(gradient + k);
    const oldM = v128.load(m + k);
    const oldV = v128.load(v + k);
    const mean = f32x4.add(oldM, f32x4.mul(shareM, f32x4.sub(g, oldM)));
    const square = f32x4.add(oldV, f32x4.mul(shareV, f32x4.sub(f32x4.mul(g, g), oldV)));
    v128.store(newM + k, mean);
    v128.store(newV + k, square);
    v128.store(step + k, f32x4.div(f32x4.mul(rates, mean), f32x4.add(f32x4.sqrt(square), small)));
  }
  for (; k < bytes(size); k += 4) {
    const g = load<f32>(gradient + k);
    const oldM = load<f32>(m + k);
    const oldV = load<f32>(v + k);
    const mean = oldM + first * (g - oldM);
    const square = oldV + second * (g * g - oldV);
    store<f32>(newM + k, mean);
    store<f32>(newV + k, square);
    store<f32>(step + k, (rate * mean) / (sqrt<f32>(square) + epsilon));
  }
}
