import { bytes } from './lanes';

/**
 * Cross-entropy of each row's softmax and its gradient.
 *
 * With z = logits less the row's largest: loss = log Σ e^z − Σ labels · z, slopes = e^z / Σ e^z − labels.
 *
 * @param logits, labels, slopes [rows, classes]
 * @param losses [rows]
 */
export function crossEntropy(
  logits: usize,
  labels: usize,
  losses: usize,
  slopes: usize,
  rows: i32,
  classes: i32,
): void {
  const row = bytes(classes);
  for (let r = 0; r < rows; r++) {
    const from = logits + <usize>r * row;
    const to = slopes + <usize>r * row;
    let most = load<f32>(from);
    for (let k: usize = 4; k < row; k += 4) most = max<f32>(most, load<f32>(from + k));
    for (let k: usize = 0; k < row; k += 4) store<f32>(to + k, load<f32>(from + k) - most);
  }
  // Rows do not fill whole vectors, so exponentials are taken along the matrix; `losses` holds Σ labels · z meanwhile.
  for (let r = 0; r < rows; r++) {
    const truth = labels + <usize>r * row;
    const z = slopes + <usize>r * row;
    let picked: f32 = 0;
    for (let k: usize = 0; k < row; k += 4) picked += load<f32>(truth + k) * load<f32>(z + k);
    store<f32>(losses + bytes(r), picked);
  }
  const size = rows * classes;
  const whole = bytes(size & ~3);
  for (let k: usize = 0; k < whole; k += 16) v128.store(slopes + k, exponential(v128.load(slopes + k)));
  for (let k = whole; k < bytes(size); k += 4) {
    store<f32>(slopes + k, f32x4.extract_lane(exponential(f32x4.splat(load<f32>(slopes + k))), 0));
  }
  for (let r = 0; r < rows; r++) {
    const truth = labels + <usize>r * row;
    const to = slopes + <usize>r * row;
    let sum: f32 = 0;
    for (let k: usize = 0; k < row; k += 4) sum += load<f32>(to + k);
    const scale: f32 = 1 / sum;
    for (let k: usize = 0; k < row; k += 4) store<f32>(to + k, load<f32>(to + k) * scale - load<f32>(truth + k));
    const logarithmOfSum = f32x4.extract_lane(logarithm(f32x4.splat(sum)), 0);
    store<f32>(losses + bytes(r), logarithmOfSum - load<f32>(losses + bytes(r)));
  }
}

/**
 * e^x for x ≤ 88, within 2 units in the last place; below −87 it stays e^−87. Cephes' expf: x = n·log 2 + r, and a
 * polynomial for e^r on |r| ≤ log 2 / 2.
 */
function exponential(x: v128): v128 {
  const bounded = f32x4.max(x, f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(1.44269504)));
  let r = f32x4.sub(bounded, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let y = f32x4.splat(1.98756915e-4);
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.3981999507e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(8.3334519073e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(4.1665795894e-2));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.6666665459e-1));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(5.0000001201e-1));
  y = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(y, r), r), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(y, power);
}

/**
 * log x for x ≥ 1, within 2 units in the last place; of what is not finite it is not a number. Cephes' logf: x = m·2^e
 * with √½ ≤ m < √2, and a polynomial for log m.
 */
function logarithm(x: v128): v128 {
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(127)));
  let m = v128.or(v128.and(x, i32x4.splat(0x7fffff)), i32x4.splat(0x3f800000));
  const large = f32x4.gt(m, f32x4.splat(1.41421356));
  e = f32x4.add(e, v128.and(large, f32x4.splat(1)));
  m = v128.bitselect(f32x4.mul(m, f32x4.splat(0.5)), m, large);
  const f = f32x4.sub(m, f32x4.splat(1));
  const square = f32x4.mul(f, f);
  let y = f32x4.splat(7.0376836292e-2);
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(-1.151461031e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(1.167699874e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(-1.2420140846e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(1.4249322787e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(-1.6668057665e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(2.0000714765e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(-2.4999993993e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(3.3333331174e-1));
  y = f32x4.mul(f32x4.mul(y, f), square);
  y = f32x4.add(y, f32x4.mul(e, f32x4.splat(-2.1219444e-4)));
  y = f32x4.sub(y, f32x4.mul(square, f32x4.splat(0.5)));
  const result = f32x4.add(f32x4.add(f, y), f32x4.mul(e, f32x4.splat(0.693359375)));
  return f32x4.add(result, f32x4.sub(x, x));
}
