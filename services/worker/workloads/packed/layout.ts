import type { TargetArray } from '../workload.js';
import { codecs, type Codec, type CodecName } from './codecs.js';

/** One part of a sample: the image, or a task's target. */
export interface Field {
  readonly codec: CodecName;
  /** Numbers per position in a batch: 3 of an image, 3 of an instance vector with its mask. */
  readonly channels: number;
  /** Whether there are numbers for each pixel, or one row of them for the whole sample. */
  readonly per: 'pixel' | 'sample';
}

/** How a sample is kept; plain data, so that a cache file's name can follow from it. */
export interface PackedLayout {
  readonly height: number;
  readonly width: number;
  /** `image`, and each task by its name. */
  readonly fields: Readonly<Record<string, Field>>;
}

/** One sample as numbers of a batch, by field. */
export type SampleValues = Readonly<Record<string, ArrayLike<number>>>;

interface Place {
  readonly codec: Codec;
  /** Bytes from the sample's start. */
  readonly offset: number;
  /** Numbers of one sample in a batch. */
  readonly values: number;
}

/** Places of the fields in a sample's bytes, those of the largest numbers first so that all are aligned. */
export class SampleCoder {
  /** Bytes from one sample to the next. */
  readonly stride: number;
  private readonly places: ReadonlyMap<string, Place>;

  constructor(readonly layout: PackedLayout) {
    const places = new Map<string, Place>();
    let offset = 0;
    const byBytes = Object.entries(layout.fields).sort(
      ([, one], [, other]) => codecs[other.codec].bytes - codecs[one.codec].bytes,
    );
    for (const [name, { codec: codecName, channels, per }] of byBytes) {
      const codec: Codec = codecs[codecName];
      const positions = per === 'pixel' ? layout.height * layout.width : 1;
      places.set(name, { codec, offset, values: positions * channels });
      offset += positions * codec.stored(channels) * codec.bytes;
    }
    this.places = places;
    this.stride = Math.ceil(offset / 4) * 4;
  }

  encode(sample: SampleValues, to: ArrayBufferLike, start: number): void {
    for (const [name, { codec, offset, values }] of this.places) {
      const given = sample[name];
      if (given?.length !== values) {
        throw new RangeError(`a sample has ${String(given?.length)} numbers of ${name}, expected ${values}`);
      }
      codec.encode(given, to, start + offset, this.layout.width);
    }
  }

  /** An array for a field's numbers of so many samples. */
  arrayFor(name: string, samples: number): TargetArray {
    const { codec, values } = this.placeOf(name);
    return codec.target === 'int32' ? new Int32Array(samples * values) : new Float32Array(samples * values);
  }

  /** Numbers of one sample's field in a batch. */
  valuesOf(name: string): number {
    return this.placeOf(name).values;
  }

  /** @param into of one sample's length */
  decode(name: string, from: ArrayBufferLike, start: number, into: TargetArray): void {
    const { codec, offset } = this.placeOf(name);
    codec.decode(from, start + offset, into, this.layout.width);
  }

  private placeOf(name: string): Place {
    const place = this.places.get(name);
    if (place === undefined) {
      throw new RangeError(`the data holds ${[...this.places.keys()].join(', ')}, not ${name}`);
    }
    return place;
  }
}
