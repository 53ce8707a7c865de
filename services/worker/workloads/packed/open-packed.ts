import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { contentHash } from '../../../shared/canonical-json.js';
import { errorRecord, SigmasweepError } from '../../../shared/errors.js';
import { BrokenFile } from '../files/broken-file.js';
import type { FormCounter } from '../files/form-counter.js';
import type { BrokenRecord, FileForms, SkippedSamples } from '../workload.js';
import { CacheFileWriter, checkCacheFile, headerBytes } from './cache-file.js';
import { withDecodingLock } from './decoding-lock.js';
import { SampleCoder, type PackedLayout, type SampleValues } from './layout.js';
import { bytesInFile, bytesInMemory, PackedDataset } from './packed-dataset.js';

/** A split in its packed form has at most this many bytes on disk. */
const mostBytes = 64 * 1024 ** 3;
/** The same where it has to be kept in memory, because the cache folder cannot be written. */
const mostBytesInMemory = 4 * 1024 ** 3;
/** Samples made between two looks at the event loop. */
const samplesPerTurn = 8;

/** A split before it is packed. */
export interface PackedSource {
  /** Of the split, for the file's name: "street-scenes-train". */
  readonly name: string;
  /** Everything that the samples follow from; another value is another cache file. */
  readonly identity: unknown;
  readonly layout: PackedLayout;
  readonly length: number;
  /** @throws BrokenFile when it cannot be made from the data set's files */
  sample(position: number): SampleValues | Promise<SampleValues>;
  /** Samples whose files are broken are left out; otherwise the first one ends the opening. */
  readonly skipsBroken?: boolean;
  /** Counts what the files hold, while `sample` reads them. */
  readonly forms?: FormCounter;
}

/** What a cache file tells of its samples. */
const about = z.object({
  samples: z.int().min(1),
  skipped: z.object({
    count: z.int().min(0),
    broken: z.array(z.object({ code: z.string(), file: z.string(), message: z.string(), hint: z.string().optional() })),
  }),
  forms: z.record(z.string(), z.record(z.string(), z.int())),
});
/** So many of the samples left out are told of one by one. */
const mostBroken = 10_000;

/** Where a split is kept. */
export function packedFileOf(
  { name, identity, layout, length, skipsBroken }: Omit<PackedSource, 'sample' | 'forms'>,
  cacheFolder: string,
): string {
  const key = contentHash({ identity, layout, length, ...(skipsBroken === true ? { skipsBroken } : {}) });
  return path.join(cacheFolder, `${name}-${key.slice(0, 32)}.bin`);
}

/**
 * Opens a split: from the cache folder, where the first process of a machine that decodes it leaves it for all others.
 * @throws SigmasweepError DATA_TOO_LARGE before anything is decoded; what `source.sample` throws
 */
export async function openPacked(source: PackedSource, cacheFolder: string): Promise<PackedDataset> {
  const { stride } = new SampleCoder(source.layout);
  refuseLarger(source, source.length * stride, mostBytes);
  const file = packedFileOf(source, cacheFolder);
  const kept = await openKept(file, source, stride);
  if (kept !== undefined) return kept;
  return withDecodingLock(`${file}.lock`, async () => {
    const meanwhile = await openKept(file, source, stride);
    if (meanwhile !== undefined) return meanwhile;
    let writer: CacheFileWriter;
    try {
      writer = await CacheFileWriter.create(file);
    } catch (error) {
      // The data is there; without the cache only the next trial's start is slower.
      process.emitWarning(`The data cache ${file} can't be written: ${errorRecord(error).message}`, {
        code: 'SIGMASWEEP_DATA_CACHE',
      });
      return packInMemory(source, stride);
    }
    try {
      await writer.finish(await pack(source, stride, (bytes) => writer.append(bytes)));
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    const written = await openKept(file, source, stride);
    if (written === undefined) {
      throw new SigmasweepError('DATA_CACHE_BROKEN', `The data cache ${file} is not what was just written to it`, {
        hint: 'Check the disk of the cache folder (SIGMASWEEP_CACHE), or name another one.',
      });
    }
    return written;
  });
}

async function openKept(
  file: string,
  { layout, length }: PackedSource,
  stride: number,
): Promise<PackedDataset | undefined> {
  const content = await checkCacheFile(file, (value) => about.safeParse(value).data);
  if (content === undefined) return undefined;
  const { samples, skipped, forms } = content.about;
  if (samples + skipped.count !== length || content.sampleBytes !== samples * stride) return undefined;
  return new PackedDataset(samples, layout, bytesInFile(file, headerBytes, stride), skipped, forms);
}

async function packInMemory(source: PackedSource, stride: number): Promise<PackedDataset> {
  const bytes = source.length * stride;
  refuseLarger(source, bytes, mostBytesInMemory);
  const block = new Uint8Array(bytes);
  let filled = 0;
  const { samples, skipped, forms } = await pack(source, stride, (sample) => {
    block.set(sample, filled);
    filled += stride;
  });
  return new PackedDataset(samples, source.layout, bytesInMemory(block.buffer, stride), skipped, forms);
}

/**
 * Makes all samples in order; `put` is given each one's bytes, which are overwritten afterwards.
 * @throws SigmasweepError DATA_EMPTY when not one sample can be made
 */
async function pack(
  source: PackedSource,
  stride: number,
  put: (sample: Uint8Array) => Promise<void> | void,
): Promise<{ samples: number; skipped: SkippedSamples; forms: FileForms }> {
  const coder = new SampleCoder(source.layout);
  const bytes = new Uint8Array(stride);
  const broken: BrokenRecord[] = [];
  let count = 0;
  for (let position = 0; position < source.length; position += 1) {
    try {
      coder.encode(await source.sample(position), bytes.buffer, 0);
    } catch (error) {
      if (source.skipsBroken !== true || !(error instanceof BrokenFile)) throw error;
      count += 1;
      if (broken.length < mostBroken) broken.push(error.record());
      continue;
    }
    await put(bytes);
    // Messages and signals must come through while a large split is made.
    if (position % samplesPerTurn === samplesPerTurn - 1) await setImmediate();
  }
  if (count === source.length) {
    throw new SigmasweepError(
      'DATA_EMPTY',
      `${source.name} has no sample that can be used: ${broken[0]?.message ?? 'it has none at all'}`,
      {
        hint: 'Look at what the files hold; docs/data.md says what each must be.',
      },
    );
  }
  return { samples: source.length - count, skipped: { count, broken }, forms: source.forms?.counts() ?? {} };
}

function refuseLarger({ name, layout, length }: PackedSource, bytes: number, most: number): void {
  if (bytes <= most) return;
  throw new SigmasweepError(
    'DATA_TOO_LARGE',
    `${name} has ${length} images of ${layout.height} × ${layout.width}, which take ${bytes} bytes; at most ${most} are allowed`,
    { hint: 'Set fewer images or a smaller size (data.height, data.width).' },
  );
}
