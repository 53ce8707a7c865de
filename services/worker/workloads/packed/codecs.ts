import type { TargetArray } from '../workload.js';

/** Vectors are kept in steps of 1/32 px: a 1024 px wide image still fits 16 bits. */
const vectorSteps = 32;
/** In place of dx where a pixel belongs to no instance. */
const noVector = -32768;
/** Inverse depth is kept in steps of width / 2^17: the largest, half the width, is nearer than anything drawn. */
const depthSteps = 2 ** 17;
const mostOf16Bits = 65_535;
const directionSteps = 32_767;

/** How one kind of number is kept. Stored values are small; those of a batch are what losses and networks want. */
export interface Codec {
  /** Bytes of one stored number; a sample's numbers begin at a multiple of it. */
  readonly bytes: number;
  /** Stored numbers per position for so many channels of the batch. */
  readonly stored: (channels: number) => number;
  readonly target: 'float32' | 'int32';
  /**
   * @param values of one sample, as in a batch
   * @param width of the image, px
   */
  encode(values: ArrayLike<number>, to: ArrayBufferLike, offset: number, width: number): void;
  /** @param to of one sample's length */
  decode(from: ArrayBufferLike, offset: number, to: TargetArray, width: number): void;
}

const same = (channels: number): number => channels;

/** A look-up is faster than a division, and there are few bytes. */
const shareOfByte = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** Every codec by name; a cache file's layout names them. */
export const codecs = {
  /** Shares 0 … 1 in steps of 1/255: 8-bit pictures, exactly. */
  share8: {
    bytes: 1,
    stored: same,
    target: 'float32',
    encode: (values, to, offset) => {
      const bytes = new Uint8Array(to, offset, values.length);
      for (let index = 0; index < bytes.length; index += 1) bytes[index] = Math.round(255 * (values[index] as number));
    },
    decode: (from, offset, to) => {
      const bytes = new Uint8Array(from, offset, to.length);
      for (let index = 0; index < bytes.length; index += 1) to[index] = shareOfByte[bytes[index] as number] as number;
    },
  },
  /** Shares 0 … 1 in steps of 1/65535: pictures that were kept as floating-point numbers. */
  share16: {
    bytes: 2,
    stored: same,
    target: 'float32',
    encode: (values, to, offset) => {
      const stored = new Uint16Array(to, offset, values.length);
      for (let index = 0; index < stored.length; index += 1) {
        stored[index] = Math.round(mostOf16Bits * (values[index] as number));
      }
    },
    decode: (from, offset, to) => {
      const stored = new Uint16Array(from, offset, to.length);
      for (let index = 0; index < stored.length; index += 1) to[index] = (stored[index] as number) / mostOf16Bits;
    },
  },
  /** Any numbers, in single precision. */
  real32: {
    bytes: 4,
    stored: same,
    target: 'float32',
    encode: (values, to, offset) => new Float32Array(to, offset, values.length).set(values),
    decode: (from, offset, to) => to.set(new Float32Array(from, offset, to.length)),
  },
  /** Components −1 … 1 of directions in steps of 1/32767. */
  direction16: {
    bytes: 2,
    stored: same,
    target: 'float32',
    encode: (values, to, offset) => {
      const stored = new Int16Array(to, offset, values.length);
      for (let index = 0; index < stored.length; index += 1) {
        stored[index] = Math.round(directionSteps * (values[index] as number));
      }
    },
    decode: (from, offset, to) => {
      const stored = new Int16Array(from, offset, to.length);
      for (let index = 0; index < stored.length; index += 1) to[index] = (stored[index] as number) / directionSteps;
    },
  },
  /** Class numbers −128 … 127. */
  label8: {
    bytes: 1,
    stored: same,
    target: 'int32',
    encode: (values, to, offset) => new Int8Array(to, offset, values.length).set(values),
    decode: (from, offset, to) => to.set(new Int8Array(from, offset, to.length)),
  },
  /** Class numbers −32768 … 32767. */
  label16: {
    bytes: 2,
    stored: same,
    target: 'int32',
    encode: (values, to, offset) => new Int16Array(to, offset, values.length).set(values),
    decode: (from, offset, to) => to.set(new Int16Array(from, offset, to.length)),
  },
  /** (dx, dy, valid) in px, in 2 × 16 bits. */
  vector: {
    bytes: 2,
    stored: () => 2,
    target: 'float32',
    encode: (values, to, offset) => {
      const stored = new Int16Array(to, offset, (values.length / 3) * 2);
      for (let pixel = 0; pixel < values.length / 3; pixel += 1) {
        if (values[3 * pixel + 2] === 0) {
          stored[2 * pixel] = noVector;
          continue;
        }
        stored[2 * pixel] = Math.round(vectorSteps * (values[3 * pixel] as number));
        stored[2 * pixel + 1] = Math.round(vectorSteps * (values[3 * pixel + 1] as number));
      }
    },
    decode: (from, offset, to) => {
      const pixels = to.length / 3;
      const stored = new Int16Array(from, offset, 2 * pixels);
      for (let pixel = 0; pixel < pixels; pixel += 1) {
        const dx = stored[2 * pixel] as number;
        const at = 3 * pixel;
        if (dx === noVector) {
          to[at] = 0;
          to[at + 1] = 0;
          to[at + 2] = 0;
          continue;
        }
        to[at] = dx / vectorSteps;
        to[at + 1] = (stored[2 * pixel + 1] as number) / vectorSteps;
        to[at + 2] = 1;
      }
    },
  },
  /** Inverse depth in px, 0 = none, in 16 bits. */
  disparity16: {
    bytes: 2,
    stored: same,
    target: 'float32',
    encode: (values, to, offset, width) => {
      const stored = new Uint16Array(to, offset, values.length);
      const scale = depthSteps / width;
      for (let index = 0; index < stored.length; index += 1) {
        const value = values[index] as number;
        // What is far but there must not become 0, which means nothing is there.
        stored[index] = value === 0 ? 0 : Math.min(mostOf16Bits, Math.max(1, Math.round(value * scale)));
      }
    },
    decode: (from, offset, to, width) => {
      const stored = new Uint16Array(from, offset, to.length);
      const scale = width / depthSteps;
      for (let index = 0; index < stored.length; index += 1) to[index] = (stored[index] as number) * scale;
    },
  },
} as const satisfies Record<string, Codec>;

export type CodecName = keyof typeof codecs;
