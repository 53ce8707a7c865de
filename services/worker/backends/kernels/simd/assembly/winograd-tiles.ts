import { bytes, storeLanes } from './lanes';

/** The transforms of F(2×2, 3×3) on four channels at once; winograd.ts says what they are for. */

/** One row times Bᵀ: (a − c, b + c, c − b, b − d). */
function storeImageRow(a: v128, b: v128, c: v128, d: v128, to: usize, point: usize): void {
  v128.store(to, f32x4.sub(a, c));
  v128.store(to + point, f32x4.add(b, c));
  v128.store(to + 2 * point, f32x4.sub(c, b));
  v128.store(to + 3 * point, f32x4.sub(b, d));
}

/**
 * Bᵀ d B.
 * @param row, pixel distances in the image, bytes
 * @param point distance between the 16 results, bytes
 */
export function imageTile(d: usize, to: usize, row: usize, pixel: usize, point: usize): void {
  const d1 = d + row;
  const d2 = d1 + row;
  const d3 = d2 + row;
  const column1 = pixel;
  const column2 = column1 + pixel;
  const column3 = column2 + pixel;
  const b0 = v128.load(d1);
  const b1 = v128.load(d1 + column1);
  const b2 = v128.load(d1 + column2);
  const b3 = v128.load(d1 + column3);
  const c0 = v128.load(d2);
  const c1 = v128.load(d2 + column1);
  const c2 = v128.load(d2 + column2);
  const c3 = v128.load(d2 + column3);
  storeImageRow(
    f32x4.sub(v128.load(d), c0),
    f32x4.sub(v128.load(d + column1), c1),
    f32x4.sub(v128.load(d + column2), c2),
    f32x4.sub(v128.load(d + column3), c3),
    to,
    point,
  );
  to += 4 * point;
  storeImageRow(f32x4.add(b0, c0), f32x4.add(b1, c1), f32x4.add(b2, c2), f32x4.add(b3, c3), to, point);
  to += 4 * point;
  storeImageRow(f32x4.sub(c0, b0), f32x4.sub(c1, b1), f32x4.sub(c2, b2), f32x4.sub(c3, b3), to, point);
  to += 4 * point;
  storeImageRow(
    f32x4.sub(b0, v128.load(d3)),
    f32x4.sub(b1, v128.load(d3 + column1)),
    f32x4.sub(b2, v128.load(d3 + column2)),
    f32x4.sub(b3, v128.load(d3 + column3)),
    to,
    point,
  );
}

/** Adds the bias, cuts off below 0 if asked for, and writes the first lanes. */
function storeResult(to: usize, value: v128, bias: v128, lanes: i32, relu: i32): void {
  let result = f32x4.add(value, bias);
  if (relu) result = f32x4.max(result, f32x4.splat(0));
  storeLanes(to, result, lanes);
}

/**
 * Aᵀ m A, and the bias.
 * @param point distance between the 16 sums, bytes; row, pixel: distances in the result
 * @param below, beside whether the result has a second row and a second column here
 */
export function resultTile(
  m: usize,
  bias: usize,
  to: usize,
  point: usize,
  row: usize,
  pixel: usize,
  below: bool,
  beside: bool,
  lanes: i32,
  relu: i32,
): void {
  const m1 = m + 4 * point;
  const m2 = m + 8 * point;
  const m3 = m + 12 * point;
  let b = v128.load(m1);
  let c = v128.load(m2);
  const upper0 = f32x4.add(f32x4.add(v128.load(m), b), c);
  const lower0 = f32x4.sub(f32x4.sub(b, c), v128.load(m3));
  b = v128.load(m1 + point);
  c = v128.load(m2 + point);
  const upper1 = f32x4.add(f32x4.add(v128.load(m + point), b), c);
  const lower1 = f32x4.sub(f32x4.sub(b, c), v128.load(m3 + point));
  b = v128.load(m1 + 2 * point);
  c = v128.load(m2 + 2 * point);
  const upper2 = f32x4.add(f32x4.add(v128.load(m + 2 * point), b), c);
  const lower2 = f32x4.sub(f32x4.sub(b, c), v128.load(m3 + 2 * point));
  b = v128.load(m1 + 3 * point);
  c = v128.load(m2 + 3 * point);
  const upper3 = f32x4.add(f32x4.add(v128.load(m + 3 * point), b), c);
  const lower3 = f32x4.sub(f32x4.sub(b, c), v128.load(m3 + 3 * point));
  const start = v128.load(bias);
  storeResult(to, f32x4.add(f32x4.add(upper0, upper1), upper2), start, lanes, relu);
  if (beside) storeResult(to + pixel, f32x4.sub(f32x4.sub(upper1, upper2), upper3), start, lanes, relu);
  if (!below) return;
  storeResult(to + row, f32x4.add(f32x4.add(lower0, lower1), lower2), start, lanes, relu);
  if (beside) storeResult(to + row + pixel, f32x4.sub(f32x4.sub(lower1, lower2), lower3), start, lanes, relu);
}

/** One row times Aᵀ: (a, a + b, a − b, −b). */
function storeGradientRow(a: v128, b: v128, to: usize, point: usize): void {
  v128.store(to, a);
  v128.store(to + point, f32x4.add(a, b));
  v128.store(to + 2 * point, f32x4.sub(a, b));
  v128.store(to + 3 * point, f32x4.neg(b));
}

/** A dY Aᵀ of a tile of 2×2 pixels. */
export function gradientTile(dy: usize, to: usize, row: usize, pixel: usize, point: usize): void {
  const a = v128.load(dy);
  const b = v128.load(dy + pixel);
  const c = v128.load(dy + row);
  const d = v128.load(dy + row + pixel);
  storeGradientRow(a, b, to, point);
  storeGradientRow(f32x4.add(a, c), f32x4.add(b, d), to + 4 * point, point);
  storeGradientRow(f32x4.sub(a, c), f32x4.sub(b, d), to + 8 * point, point);
  storeGradientRow(f32x4.neg(c), f32x4.neg(d), to + 12 * point, point);
}

/** One row times Gᵀ: (a, (a + b + c) / 2, (a − b + c) / 2, c). */
function storeFilterRow(a: v128, b: v128, c: v128, to: usize, point: usize): void {
  const half = f32x4.splat(0.5);
  const outer = f32x4.add(a, c);
  v128.store(to, a);
  v128.store(to + point, f32x4.mul(half, f32x4.add(outer, b)));
  v128.store(to + 2 * point, f32x4.mul(half, f32x4.sub(outer, b)));
  v128.store(to + 3 * point, c);
}

/** G g Gᵀ of a filter's nine places, `place` bytes apart. */
function filterTile(g: usize, to: usize, place: usize, point: usize): void {
  const half = f32x4.splat(0.5);
  const a0 = v128.load(g);
  const a1 = v128.load(g + place);
  const a2 = v128.load(g + 2 * place);
  const b0 = v128.load(g + 3 * place);
  const b1 = v128.load(g + 4 * place);
  const b2 = v128.load(g + 5 * place);
  const c0 = v128.load(g + 6 * place);
  const c1 = v128.load(g + 7 * place);
  const c2 = v128.load(g + 8 * place);
  const outer0 = f32x4.add(a0, c0);
  const outer1 = f32x4.add(a1, c1);
  const outer2 = f32x4.add(a2, c2);
  storeFilterRow(a0, a1, a2, to, point);
  storeFilterRow(
    f32x4.mul(half, f32x4.add(outer0, b0)),
    f32x4.mul(half, f32x4.add(outer1, b1)),
    f32x4.mul(half, f32x4.add(outer2, b2)),
    to + 4 * point,
    point,
  );
  storeFilterRow(
    f32x4.mul(half, f32x4.sub(outer0, b0)),
    f32x4.mul(half, f32x4.sub(outer1, b1)),
    f32x4.mul(half, f32x4.sub(outer2, b2)),
    to + 8 * point,
    point,
  );
  storeFilterRow(c0, c1, c2, to + 12 * point, point);
}

/**
 * The filter at the 16 points.
 * @param packed [panels][9][inputs][8], as `packFilter` and `packTurnedFilter` write it
 * @param to [16][panels][inputs][8]
 */
export function winogradFilter(packed: usize, to: usize, panels: i32, inputs: i32): void {
  const place = bytes(8 * inputs);
  const point = <usize>panels * place;
  for (let panel = 0; panel < panels; panel++) {
    const from = packed + <usize>(9 * panel) * place;
    const result = to + <usize>panel * place;
    for (let at: usize = 0; at < place; at += 16) filterTile(from + at, result + at, place, point);
  }
}

/** One row times G: (a + (b + c) / 2, (b − c) / 2, (b + c) / 2 + d). */
function storeSumRow(a: v128, b: v128, c: v128, d: v128, to: usize, place: usize): void {
  const half = f32x4.splat(0.5);
  const both = f32x4.mul(half, f32x4.add(b, c));
  v128.store(to, f32x4.add(a, both));
  v128.store(to + place, f32x4.mul(half, f32x4.sub(b, c)));
  v128.store(to + 2 * place, f32x4.add(both, d));
}

/** The upper, middle or lower row of Gᵀ s of one column. */
function upper(s: usize, point: usize): v128 {
  const both = f32x4.add(v128.load(s + 4 * point), v128.load(s + 8 * point));
  return f32x4.add(v128.load(s), f32x4.mul(f32x4.splat(0.5), both));
}
function middle(s: usize, point: usize): v128 {
  return f32x4.mul(f32x4.splat(0.5), f32x4.sub(v128.load(s + 4 * point), v128.load(s + 8 * point)));
}
function lower(s: usize, point: usize): v128 {
  const both = f32x4.add(v128.load(s + 4 * point), v128.load(s + 8 * point));
  return f32x4.add(f32x4.mul(f32x4.splat(0.5), both), v128.load(s + 12 * point));
}

/**
 * The gradient of a filter from that at the 16 points, Gᵀ s G.
 * @param sums [16][floats]
 * @param to [9][floats]
 * @param floats inputs · outputs, a multiple of four
 */
export function winogradFilterSum(sums: usize, to: usize, floats: i32): void {
  const point = bytes(floats);
  for (let at: usize = 0; at < point; at += 16) {
    const s0 = sums + at;
    const s1 = s0 + point;
    const s2 = s1 + point;
    const s3 = s2 + point;
    const dw = to + at;
    storeSumRow(upper(s0, point), upper(s1, point), upper(s2, point), upper(s3, point), dw, point);
    storeSumRow(middle(s0, point), middle(s1, point), middle(s2, point), middle(s3, point), dw + 3 * point, point);
    storeSumRow(lower(s0, point), lower(s1, point), lower(s2, point), lower(s3, point), dw + 6 * point, point);
  }
}
