import type { RgbPicture } from './rgb-picture.js';

const orientationTag = 0x0112;

/**
 * How a camera says its picture is turned, 1 … 8 (Exif 2.3, section 4.6.4): 1 is upright.
 * @param exif the Exif segment, beginning with `Exif\0\0`; undefined where the file has none
 */
export function orientationOf(exif: Uint8Array | undefined): number {
  if (exif === undefined || exif.length < 14) return 1;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const tiff = 6;
  const little = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, little);
  if (directory + 2 > exif.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let entry = 0; entry < entries; entry += 1) {
    const at = directory + 2 + 12 * entry;
    if (at + 12 > exif.length) return 1;
    if (view.getUint16(at, little) !== orientationTag) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** Where the upright picture's pixel (x, y) is in the stored one, by orientation. */
const places: Readonly<Record<number, (x: number, y: number, width: number, height: number) => [number, number]>> = {
  2: (x, y, width) => [width - 1 - x, y],
  3: (x, y, width, height) => [width - 1 - x, height - 1 - y],
  4: (x, y, _width, height) => [x, height - 1 - y],
  5: (x, y) => [y, x],
  6: (x, y, _width, height) => [y, height - 1 - x],
  7: (x, y, width, height) => [width - 1 - y, height - 1 - x],
  8: (x, y, width) => [width - 1 - y, x],
};

/** Turns a picture as its orientation says. */
export function upright(picture: RgbPicture, orientation: number): RgbPicture {
  const place = places[orientation];
  if (place === undefined) return picture;
  const [width, height] = orientation >= 5 ? [picture.height, picture.width] : [picture.width, picture.height];
  const rgb = new Uint8Array(picture.rgb.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [fromX, fromY] = place(x, y, picture.width, picture.height);
      const from = 3 * (fromY * picture.width + fromX);
      rgb.set(picture.rgb.subarray(from, from + 3), 3 * (y * width + x));
    }
  }
  return { width, height, rgb };
}
