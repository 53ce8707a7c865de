import { encode } from 'fast-png';
import type { Picture } from './workload.js';

/** Encodes a picture as PNG bytes (8-bit RGB). */
export function picturePng({ width, height, rgb }: Picture): Uint8Array {
  return encode({ width, height, data: rgb, channels: 3, depth: 8 });
}
