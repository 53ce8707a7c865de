/** What one place of a resized axis is made of: weights of the places from `begin` on. */
interface AxisPart {
  readonly begin: number;
  readonly weights: readonly number[];
}

/**
 * Resizes a picture: by the mean of the area that becomes a pixel where it gets smaller, by linear interpolation where it
 * gets larger.
 * @param values height × width × channels
 * @returns toHeight × toWidth × channels
 */
export function resizePicture(
  values: ArrayLike<number>,
  [height, width]: readonly [number, number],
  [toHeight, toWidth]: readonly [number, number],
  channels: number,
): Float32Array {
  const columns = axisParts(width, toWidth);
  const narrow = new Float32Array(height * toWidth * channels);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < toWidth; column += 1) {
      const { begin, weights } = columns[column] as AxisPart;
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        for (let index = 0; index < weights.length; index += 1) {
          const from = (row * width + begin + index) * channels + channel;
          sum += (weights[index] as number) * (values[from] as number);
        }
        narrow[(row * toWidth + column) * channels + channel] = sum;
      }
    }
  }
  const rows = axisParts(height, toHeight);
  const stride = toWidth * channels;
  const resized = new Float32Array(toHeight * stride);
  for (let row = 0; row < toHeight; row += 1) {
    const { begin, weights } = rows[row] as AxisPart;
    for (let index = 0; index < weights.length; index += 1) {
      const weight = weights[index] as number;
      const from = (begin + index) * stride;
      for (let place = 0; place < stride; place += 1) {
        resized[row * stride + place] =
          (resized[row * stride + place] as number) + weight * (narrow[from + place] as number);
      }
    }
  }
  return resized;
}

function axisParts(from: number, to: number): AxisPart[] {
  return Array.from({ length: to }, (_, place) =>
    to <= from ? areaPart(place, from / to, from) : linearPart(place, from / to, from),
  );
}

function areaPart(place: number, scale: number, length: number): AxisPart {
  const [start, end] = [place * scale, (place + 1) * scale];
  const begin = Math.floor(start);
  const last = Math.min(length, Math.ceil(end - 1e-9));
  const weights = Array.from({ length: last - begin }, (_, index) => {
    const covered = Math.min(end, begin + index + 1) - Math.max(start, begin + index);
    return covered / scale;
  });
  return { begin, weights };
}

function linearPart(place: number, scale: number, length: number): AxisPart {
  const centre = Math.min(length - 1, Math.max(0, (place + 0.5) * scale - 0.5));
  const begin = Math.min(length - 1, Math.floor(centre));
  const share = centre - begin;
  return { begin, weights: share === 0 || begin + 1 >= length ? [1] : [1 - share, share] };
}

/**
 * Resizes numbers that have no mean between them (classes, instances, distances with holes): each pixel is the one of the
 * source under its centre.
 * @param values height × width
 */
export function resizeNearest(
  values: ArrayLike<number>,
  [height, width]: readonly [number, number],
  [toHeight, toWidth]: readonly [number, number],
): Float64Array {
  const resized = new Float64Array(toHeight * toWidth);
  for (let row = 0; row < toHeight; row += 1) {
    const from = Math.floor(((row + 0.5) * height) / toHeight) * width;
    for (let column = 0; column < toWidth; column += 1) {
      resized[row * toWidth + column] = values[from + Math.floor(((column + 0.5) * width) / toWidth)] as number;
    }
  }
  return resized;
}
