/**
 * Arrays in double precision and the operations of training on them, written by definition and independent of
 * TensorFlow.js. Slow and plain on purpose.
 */
export interface Plain {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

/** An array from what stands at each index. */
export function build(shape: readonly number[], at: (index: readonly number[]) => number): Plain {
  const values = new Float64Array(sizeOf(shape));
  const index = shape.map(() => 0);
  for (let place = 0; place < values.length; place += 1) {
    values[place] = at(index);
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      index[axis] = 0;
    }
  }
  return { shape, values };
}

/** The number at an index; sides of 1 are repeated, and missing ones in front, as in broadcasting. */
export function get({ shape, values }: Plain, index: readonly number[]): number {
  const skipped = index.length - shape.length;
  const place = shape.reduce((sum, side, axis) => sum * side + (side === 1 ? 0 : (index[axis + skipped] as number)), 0);
  return values[place] as number;
}

export const map = ({ shape, values }: Plain, f: (x: number) => number): Plain => ({ shape, values: values.map(f) });

export function combine(a: Plain, b: Plain, f: (a: number, b: number) => number): Plain {
  const rank = Math.max(a.shape.length, b.shape.length);
  const side = (x: Plain, axis: number): number => x.shape[axis - rank + x.shape.length] ?? 1;
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(side(a, axis), side(b, axis)));
  return build(shape, (index) => f(get(a, index), get(b, index)));
}

/** Reduces the last axis. */
export function reduceLast(x: Plain, f: (row: Float64Array) => number): Plain {
  const width = x.shape.at(-1) ?? 1;
  const shape = x.shape.slice(0, -1);
  const values = Float64Array.from({ length: sizeOf(shape) }, (_, row) =>
    f(x.values.subarray(row * width, (row + 1) * width)),
  );
  return { shape, values };
}

export const sum = (row: Float64Array): number => row.reduce((total, value) => total + value, 0);
export const scalar = (value: number): Plain => ({ shape: [], values: Float64Array.of(value) });
export const reshape = ({ values }: Plain, shape: readonly number[]): Plain => ({ shape, values });
export const logSumExp = (row: Float64Array): number => {
  const most = Math.max(...row);
  return most + Math.log(sum(row.map((value) => Math.exp(value - most))));
};

export function matMul(a: Plain, b: Plain): Plain {
  const [rows = 0, inner = 0] = a.shape;
  return build([rows, b.shape[1] ?? 0], ([i = 0, j = 0]) => {
    let total = 0;
    for (let k = 0; k < inner; k += 1) total += get(a, [i, k]) * get(b, [k, j]);
    return total;
  });
}

/** How a window moves over an image. */
export interface Window {
  readonly size: number;
  readonly stride: number;
  readonly dilation?: number;
  readonly pad: 'same' | 'valid';
}

function along(length: number, { size, stride, dilation = 1, pad }: Window): { out: number; before: number } {
  const reach = (size - 1) * dilation + 1;
  if (pad === 'valid') return { out: Math.floor((length - reach) / stride) + 1, before: 0 };
  const out = Math.ceil(length / stride);
  return { out, before: Math.floor(Math.max(0, (out - 1) * stride + reach - length) / 2) };
}

/** An image from what each window sees: the places inside the image, with their position in the window. */
function slide(
  x: Plain,
  window: Window,
  channels: number,
  at: (seen: { y: number; x: number; i: number; j: number }[], n: number, channel: number) => number,
): Plain {
  const [batch = 0, height = 0, width = 0] = x.shape;
  const [vertical, horizontal] = [along(height, window), along(width, window)];
  const { size, stride, dilation = 1 } = window;
  return build([batch, vertical.out, horizontal.out, channels], ([n = 0, p = 0, q = 0, channel = 0]) => {
    const seen = [];
    for (let i = 0; i < size; i += 1)
      for (let j = 0; j < size; j += 1) {
        const [y, z] = [p * stride + i * dilation - vertical.before, q * stride + j * dilation - horizontal.before];
        if (y >= 0 && y < height && z >= 0 && z < width) seen.push({ y, x: z, i, j });
      }
    return at(seen, n, channel);
  });
}

/** x [n, h, w, c], filter [size, size, c, out]. */
export function convolve(x: Plain, filter: Plain, window: Window): Plain {
  const [, , channels = 0, out = 0] = filter.shape;
  return slide(x, window, out, (seen, n, o) => {
    let total = 0;
    for (const place of seen)
      for (let c = 0; c < channels; c += 1)
        total += get(x, [n, place.y, place.x, c]) * get(filter, [place.i, place.j, c, o]);
    return total;
  });
}

/** x [n, h, w, c], filter [size, size, c, multiplier]. */
export function convolveDepthwise(x: Plain, filter: Plain, window: Window): Plain {
  const [, , channels = 0, multiplier = 0] = filter.shape;
  return slide(x, window, channels * multiplier, (seen, n, o) => {
    const [c, m] = [Math.floor(o / multiplier), o % multiplier];
    return seen.reduce(
      (total, place) => total + get(x, [n, place.y, place.x, c]) * get(filter, [place.i, place.j, c, m]),
      0,
    );
  });
}

export function pool(x: Plain, window: Window, kind: 'max' | 'mean'): Plain {
  return slide(x, window, x.shape[3] ?? 0, (seen, n, c) => {
    const values = Float64Array.from(seen, (place) => get(x, [n, place.y, place.x, c]));
    return kind === 'max' ? Math.max(...values) : sum(values) / values.length;
  });
}

/** Each result pixel is the source pixel at floor(position · from / to). */
export function resizeNearest(x: Plain, height: number, width: number): Plain {
  const [batch = 0, fromHeight = 0, fromWidth = 0, channels = 0] = x.shape;
  return build([batch, height, width, channels], ([n = 0, p = 0, q = 0, c = 0]) =>
    get(x, [n, Math.floor((p * fromHeight) / height), Math.floor((q * fromWidth) / width), c]),
  );
}

/** Linear between the two nearest source pixels along each axis, at position · from / to. */
export function resizeBilinear(x: Plain, height: number, width: number): Plain {
  const [batch = 0, fromHeight = 0, fromWidth = 0, channels = 0] = x.shape;
  return build([batch, height, width, channels], ([n = 0, p = 0, q = 0, c = 0]) => {
    const [y, z] = [(p * fromHeight) / height, (q * fromWidth) / width];
    const [top, left] = [Math.floor(y), Math.floor(z)];
    const [bottom, right] = [Math.min(top + 1, fromHeight - 1), Math.min(left + 1, fromWidth - 1)];
    const row = (line: number): number =>
      get(x, [n, line, left, c]) * (1 - z + left) + get(x, [n, line, right, c]) * (z - left);
    return row(top) * (1 - y + top) + row(bottom) * (y - top);
  });
}
