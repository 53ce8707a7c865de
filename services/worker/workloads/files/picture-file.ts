import { convertIndexedToRgb, type DecodedPng } from 'fast-png';
import jpeg from 'jpeg-js';
import { BrokenFile } from './broken-file.js';
import { orientationOf, upright } from './exif.js';
import { isPng, readPng } from './png-file.js';
import type { RgbPicture } from './rgb-picture.js';

/** Endings of the files that `readPicture` reads. */
export const pictureEndings = /\.(png|jpe?g)$/i;

const limits = { maxResolutionInMP: 200, maxMemoryUsageInMB: 2048 } as const;

/**
 * Decodes a PNG or JPEG picture of any kind, by what its bytes are and not by its name; what is transparent counts as if
 * it were not. JPEG pictures of cameras are turned upright.
 * @param file its name, for errors
 * @throws BrokenFile FORMAT, TRUNCATED
 */
export function readPicture(bytes: Buffer, file: string): RgbPicture {
  if (isPng(bytes)) return rgbOfPng(readPng(bytes, file));
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) {
    throw new BrokenFile('FORMAT', file, 'begins neither as a PNG nor as a JPEG file does');
  }
  try {
    const { width, height, data, exifBuffer } = jpeg.decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      ...limits,
    }) as { width: number; height: number; data: Uint8Array; exifBuffer?: Uint8Array };
    return upright({ width, height, rgb: data }, orientationOf(exifBuffer));
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new BrokenFile('FORMAT', file, `is no JPEG file that can be decoded: ${found}`);
  }
}

function rgbOfPng(png: DecodedPng): RgbPicture {
  const { width, height } = png;
  const [values, channels] =
    png.palette === undefined
      ? ([png.data, png.channels] as const)
      : ([convertIndexedToRgb(png), png.palette[0]?.length ?? 3] as const);
  const shift = png.palette === undefined && png.depth === 16 ? 8 : 0;
  // Grey of fewer than 8 bits is spread over them.
  const spread = png.palette === undefined && png.depth < 8 ? 255 / (2 ** png.depth - 1) : 1;
  const rgb = new Uint8Array(3 * width * height);
  for (let index = 0; index < rgb.length; index += 1) {
    const from = Math.floor(index / 3) * channels + (channels < 3 ? 0 : index % 3);
    rgb[index] = Math.round(((values[from] as number) >> shift) * spread);
  }
  return { width, height, rgb };
}
