import { closeSync, openSync, readSync } from 'node:fs';
import type { Batch, Dataset, FileForms, SkippedSamples, TargetArray } from '../workload.js';
import { SampleCoder, type PackedLayout } from './layout.js';

/** Where the bytes of samples come from. */
interface SampleBytes {
  /** @returns where sample `index` begins in `buffer`; valid until the next call */
  locate(index: number): { readonly buffer: ArrayBufferLike; readonly start: number };
  close(): void;
}

/** Samples in a block of memory. */
export function bytesInMemory(block: ArrayBufferLike, stride: number): SampleBytes {
  return { locate: (index) => ({ buffer: block, start: index * stride }), close: () => undefined };
}

/**
 * Samples in a file, read one by one. The system keeps the file's pages in memory once for all processes of the machine,
 * so that ten trainers need no more memory than one, and a set may be larger than the memory.
 * @param begin byte of the file where sample 0 begins
 */
export function bytesInFile(file: string, begin: number, stride: number): SampleBytes {
  const descriptor = openSync(file, 'r');
  const scratch = new Uint8Array(stride);
  let open = true;
  return {
    locate: (index) => {
      let filled = 0;
      while (filled < stride) {
        const read = readSync(descriptor, scratch, filled, stride - filled, begin + index * stride + filled);
        if (read === 0) throw new RangeError(`the cache file ${file} ended within sample ${index}`);
        filled += read;
      }
      return { buffer: scratch.buffer, start: 0 };
    },
    close: () => {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

export const noneSkipped: SkippedSamples = { count: 0, broken: [] };

/** One split of a data set in its packed form. */
export class PackedDataset implements Dataset {
  private readonly coder: SampleCoder;

  constructor(
    readonly length: number,
    layout: PackedLayout,
    private readonly bytes: SampleBytes,
    readonly skipped: SkippedSamples = noneSkipped,
    readonly forms: FileForms = {},
  ) {
    this.coder = new SampleCoder(layout);
  }

  batch(indices: ArrayLike<number>, tasks: readonly string[]): Batch {
    const names = ['image', ...tasks];
    const arrays = names.map((name) => this.coder.arrayFor(name, indices.length));
    for (let position = 0; position < indices.length; position += 1) {
      const index = indices[position] as number;
      if (!Number.isInteger(index) || index < 0 || index >= this.length) {
        throw new RangeError(`sample ${index} is not one of 0 … ${this.length - 1}`);
      }
      const { buffer, start } = this.bytes.locate(index);
      names.forEach((name, field) => {
        const values = this.coder.valuesOf(name);
        const into = (arrays[field] as TargetArray).subarray(position * values, (position + 1) * values);
        this.coder.decode(name, buffer, start, into);
      });
    }
    const [images, ...targets] = arrays;
    return {
      size: indices.length,
      images: images as Float32Array,
      targets: Object.fromEntries(tasks.map((task, index) => [task, targets[index] as TargetArray])),
    };
  }

  close(): void {
    this.bytes.close();
  }
}
