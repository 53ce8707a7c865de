import type { Drawn } from './draw.js';
import type { AxisPlacement, Placement } from './placement.js';

/**
 * Writes the changed picture, between the four pixels around each place.
 * @param from height × width × channels, as it was
 * @param to as long as `from`
 */
export function placePicture(from: Float32Array, to: Float32Array, placement: Placement, channels: number): void {
  const { height, width, rows, columns, scale } = placement;
  if (scale === 1) {
    moveColumns(from, to, placement, channels);
    return;
  }
  const left = timesChannels(columns.low, channels);
  const right = timesChannels(columns.high, channels);
  const stride = width * channels;
  const first = Math.min(left[0] as number, left[width - 1] as number);
  const last = Math.max(right[0] as number, right[width - 1] as number) + channels;
  // First between the two rows, of the columns that are seen; then between the columns of that row.
  const between = new Float32Array(stride);
  for (let row = 0, at = 0; row < height; row += 1) {
    const upper = (rows.low[row] as number) * stride;
    const lower = (rows.high[row] as number) * stride;
    const down = rows.share[row] as number;
    for (let place = first; place < last; place += 1) {
      const above = from[upper + place] as number;
      between[place] = above + down * ((from[lower + place] as number) - above);
    }
    for (let column = 0; column < width; column += 1) {
      const across = columns.share[column] as number;
      const a = left[column] as number;
      const b = right[column] as number;
      for (let channel = 0; channel < channels; channel += 1, at += 1) {
        const one = between[a + channel] as number;
        to[at] = one + across * ((between[b + channel] as number) - one);
      }
    }
  }
}

/** Without an enlargement nothing lies between pixels. */
function moveColumns(
  from: Float32Array,
  to: Float32Array,
  { height, width, columns }: Placement,
  channels: number,
): void {
  const starts = timesChannels(columns.nearest, channels);
  for (let row = 0, at = 0; row < height; row += 1) {
    const begin = row * width * channels;
    for (let column = 0; column < width; column += 1) {
      const start = begin + (starts[column] as number);
      for (let channel = 0; channel < channels; channel += 1, at += 1) to[at] = from[start + channel] as number;
    }
  }
}

function timesChannels(places: AxisPlacement['low'], channels: number): Int32Array {
  return places.map((place) => place * channels);
}

/** Shares of red, green and blue in what is seen as grey (ITU-R BT.601). */
const [redShare, greenShare, blueShare] = [0.299, 0.587, 0.114];

/**
 * Changes brightness, then contrast about the picture's mean grey, then saturation, as torchvision's ColorJitter does, and
 * brings values back into 0 … 1 at the end. Pictures that are not red, green and blue have no saturation.
 * @param picture height × width × channels, values 0 … 1; is changed
 */
export function changeColours(
  picture: Float32Array,
  channels: number,
  { brightness, contrast, saturation }: Drawn,
): void {
  if (brightness === 1 && contrast === 1 && saturation === 1) return;
  // The three changes as one: value × own + grey × ofGrey + constant.
  const isColoured = channels === 3;
  const kept = brightness * contrast;
  const own = isColoured ? kept * saturation : kept;
  const ofGrey = kept - own;
  const constant = (1 - contrast) * brightness * meanGrey(picture, channels);
  if (!isColoured) {
    for (let at = 0; at < picture.length; at += 1) picture[at] = within(own * (picture[at] as number) + constant);
    return;
  }
  for (let at = 0; at < picture.length; at += 3) {
    const red = picture[at] as number;
    const green = picture[at + 1] as number;
    const blue = picture[at + 2] as number;
    const same = ofGrey * (redShare * red + greenShare * green + blueShare * blue) + constant;
    picture[at] = within(own * red + same);
    picture[at + 1] = within(own * green + same);
    picture[at + 2] = within(own * blue + same);
  }
}

function within(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

function meanGrey(picture: Float32Array, channels: number): number {
  let [red, green, blue] = [0, 0, 0];
  if (channels === 3) {
    for (let at = 0; at < picture.length; at += 3) {
      red += picture[at] as number;
      green += picture[at + 1] as number;
      blue += picture[at + 2] as number;
    }
    return (redShare * red + greenShare * green + blueShare * blue) / (picture.length / 3);
  }
  for (let at = 0; at < picture.length; at += 1) red += picture[at] as number;
  return red / picture.length;
}
