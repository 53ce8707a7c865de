/** Below this many floats a plain loop copies faster than the built-in copy starts. */
const shortRun = 24;

/** Copies within the heap; the two places must not overlap. */
export function copyFloats(heap: Float32Array, from: number, to: number, length: number): void {
  if (length < shortRun) for (let i = 0; i < length; i += 1) heap[to + i] = heap[from + i] as number;
  else heap.copyWithin(to, from, from + length);
}

/** Height and width, in pixels, of an image or of a step from one pixel to the next. */
export interface Extent {
  readonly height: number;
  readonly width: number;
}

/** Images stored plane after plane; each pixel is `depth` numbers that belong together and move together. */
export interface Planes {
  readonly count: number;
  readonly source: Extent;
  readonly target: Extent;
  readonly stride: Extent;
  readonly depth: number;
}

/**
 * Writes, plane by plane, the image that is seen through one place of a filter: target pixel (p, q) is source pixel
 * (p · stride + y, q · stride + x), or zeros where that is outside. All places one after the other are the image
 * unrolled ("im2col"), with pixels along the rows.
 * @param heap source and target, side by side in one array
 * @param from where [count, source height, source width, depth] starts
 * @param to where [count, target height, target width, depth] goes
 * @returns the end of what was written
 */
export function writeShifted(
  heap: Float32Array,
  from: number,
  to: number,
  planes: Planes,
  y: number,
  x: number,
): number {
  const { count, source, target, stride, depth } = planes;
  const row = target.width * depth;
  // Target columns before..after are inside the source.
  const before = Math.min(target.width, Math.max(0, Math.ceil(-x / stride.width)));
  const after = Math.max(before, Math.min(target.width, Math.floor((source.width - 1 - x) / stride.width) + 1));
  let at = to;
  for (let plane = 0; plane < count; plane += 1) {
    for (let p = 0; p < target.height; p += 1, at += row) {
      const sourceY = p * stride.height + y;
      if (sourceY < 0 || sourceY >= source.height || before === after) {
        heap.fill(0, at, at + row);
        continue;
      }
      if (before > 0) heap.fill(0, at, at + before * depth);
      const first = from + ((plane * source.height + sourceY) * source.width + before * stride.width + x) * depth;
      if (stride.width === 1) {
        copyFloats(heap, first, at + before * depth, (after - before) * depth);
      } else {
        const step = stride.width * depth;
        for (let q = before, pixel = first; q < after; q += 1, pixel += step) {
          copyFloats(heap, pixel, at + q * depth, depth);
        }
      }
      if (after < target.width) heap.fill(0, at + after * depth, at + row);
    }
  }
  return at;
}
