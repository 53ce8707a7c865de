/** What all kernels share. Sizes and strides are in floats, addresses in bytes. */

/**
 * a · b + c on four numbers. `FUSED` is set by the build: the module for machines with relaxed SIMD rounds once and takes
 * one instruction; the other rounds twice.
 */
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (FUSED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

/** Bytes of so many floats. */
export function bytes(floats: i32): usize {
  return (<usize>floats) << 2;
}

/** Writes the first `lanes` of four numbers. */
export function storeLanes(to: usize, value: v128, lanes: i32): void {
  if (lanes >= 4) {
    v128.store(to, value);
    return;
  }
  if (lanes > 0) v128.store_lane<f32>(to, value, 0);
  if (lanes > 1) v128.store_lane<f32>(to, value, 1, 4);
  if (lanes > 2) v128.store_lane<f32>(to, value, 2, 8);
}
