import { decode, type DecodedPng } from 'fast-png';
import { BrokenFile } from './broken-file.js';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Whether bytes begin as a PNG file does. */
export function isPng(bytes: Buffer): boolean {
  return bytes.subarray(0, signature.length).equals(signature);
}

/** What a PNG file holds: "8 bits × 3, 1024 × 2048". */
export function pngForm({ depth, channels, height, width, palette }: DecodedPng): string {
  const numbers = palette === undefined ? `${depth} bits × ${channels}` : `palette of ${palette.length}`;
  return `${numbers}, ${height} × ${width}`;
}

/**
 * Decodes a PNG file.
 * @param file its name, for errors
 * @throws BrokenFile FORMAT, TRUNCATED
 */
export function readPng(bytes: Buffer, file: string): DecodedPng {
  if (!isPng(bytes)) throw new BrokenFile('FORMAT', file, 'does not begin as a PNG file does');
  // The last chunk is empty: 4 bytes length, its name, 4 bytes checksum.
  if (bytes.toString('latin1', bytes.length - 8, bytes.length - 4) !== 'IEND') {
    throw new BrokenFile(
      'TRUNCATED',
      file,
      `is truncated: its ${bytes.length} bytes do not end as a PNG file does`,
      'Copy the file again.',
    );
  }
  try {
    return decode(bytes, { checkCrc: true });
  } catch (error) {
    throw new BrokenFile('FORMAT', file, `is no PNG file that can be decoded: ${(error as Error).message}`);
  }
}

/**
 * Decodes a PNG file whose numbers mean something by themselves: class numbers, instances, disparities.
 * @param depth bits that a number has
 * @throws BrokenFile also for a palette, for colours and for numbers of another size
 */
export function readGreyPng(bytes: Buffer, file: string, depth: 8 | 16): DecodedPng {
  const png = readPng(bytes, file);
  if (png.palette !== undefined) {
    const hint = 'Its numbers are places in a palette. Save it in grey, with the numbers themselves.';
    throw new BrokenFile('PALETTE', file, `is a palette PNG; a grey one of ${depth} bits is expected`, hint);
  }
  if (png.channels !== 1) {
    throw new BrokenFile('FORMAT', file, `has ${png.channels} channels; a grey PNG of ${depth} bits is expected`);
  }
  if (png.depth !== depth) {
    throw new BrokenFile(
      'DEPTH',
      file,
      `has ${png.depth} bits a pixel; ${depth} are expected`,
      'Save it again without losing bits.',
    );
  }
  return png;
}
