import { bytes } from './lanes';

/**
 * A filter as `convolve` reads it.
 * @param filter [places, outputs]
 * @param to [⌈outputs / 8⌉][places][8], the last panel filled up with zeros
 */
export function packFilter(filter: usize, to: usize, places: i32, outputs: i32): void {
  for (let o = 0; o < outputs; o += 8) {
    const lanes = min(8, outputs - o);
    let from = filter + bytes(o);
    if (lanes < 8) memory.fill(to, 0, bytes(places * 8));
    for (let place = 0; place < places; place++) {
      for (let lane = 0; lane < lanes; lane++) store<f32>(to + bytes(lane), load<f32>(from + bytes(lane)));
      from += bytes(outputs);
      to += 32;
    }
  }
}

/**
 * The filter of a convolution's input gradient as `convolve` reads it: the places firstRow + m · strideHeight,
 * firstColumn + k · strideWidth, last one first, with inputs and outputs swapped.
 * @param filter [filter height, filterWidth, inputs, outputs]
 * @param to [⌈inputs / 8⌉][tapRows · tapColumns · outputs][8], the last panel filled up with zeros
 */
export function packTurnedFilter(
  filter: usize,
  to: usize,
  filterWidth: i32,
  inputs: i32,
  outputs: i32,
  firstRow: i32,
  firstColumn: i32,
  strideHeight: i32,
  strideWidth: i32,
  tapRows: i32,
  tapColumns: i32,
): void {
  for (let c = 0; c < inputs; c += 8) {
    const lanes = min(8, inputs - c);
    if (lanes < 8) memory.fill(to, 0, bytes(tapRows * tapColumns * outputs * 8));
    for (let m = tapRows - 1; m >= 0; m--) {
      for (let k = tapColumns - 1; k >= 0; k--) {
        const place = (firstRow + m * strideHeight) * filterWidth + firstColumn + k * strideWidth;
        const from = filter + bytes((place * inputs + c) * outputs);
        for (let lane = 0; lane < lanes; lane++) {
          const row = from + bytes(lane * outputs);
          for (let o = 0; o < outputs; o++) store<f32>(to + bytes(8 * o + lane), load<f32>(row + bytes(o)));
        }
        to += bytes(8 * outputs);
      }
    }
  }
}

/**
 * Puts zeros around images.
 * @param from [images, height, rowFloats]
 * @param to [images, above + height + below, before + rowFloats + after]
 */
export function padImages(
  from: usize,
  to: usize,
  images: i32,
  height: i32,
  rowFloats: i32,
  above: i32,
  below: i32,
  before: i32,
  after: i32,
): void {
  const wide = bytes(before + rowFloats + after);
  for (let n = 0; n < images; n++) {
    memory.fill(to, 0, <usize>above * wide);
    to += <usize>above * wide;
    for (let row = 0; row < height; row++) {
      memory.fill(to, 0, bytes(before));
      memory.copy(to + bytes(before), from, bytes(rowFloats));
      memory.fill(to + bytes(before + rowFloats), 0, bytes(after));
      from += bytes(rowFloats);
      to += wide;
    }
    memory.fill(to, 0, <usize>below * wide);
    to += <usize>below * wide;
  }
}

/** Copies rows of `width` floats to rows of another width: the shorter of the two is copied, the rest becomes 0. */
export function fitRows(from: usize, to: usize, rows: i32, width: i32, toWidth: i32): void {
  const kept = min(width, toWidth);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < kept; k++) store<f32>(to + bytes(k), load<f32>(from + bytes(k)));
    for (let k = kept; k < toWidth; k++) store<f32>(to + bytes(k), 0);
    from += bytes(width);
    to += bytes(toWidth);
  }
}
