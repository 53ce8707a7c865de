import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { contentHash } from '../../../shared/canonical-json.js';
import { workloads, type StreetScenesOptions } from '../../../shared/catalog/workloads.js';
import { errorRecord, SigmasweepError } from '../../../shared/errors.js';
import type { OpenTask, Split, Workload } from '../workload.js';
import { readCacheFile, writeCacheFile } from './cache-file.js';
import { sceneClasses } from './classes.js';
import { bytesPerPixel, PackedSplit } from './packed-split.js';
import { createRenderer } from './render.js';
import { drawScene } from './scene.js';

/** Part of the cache's key: raise it whenever any pixel or label of any scene changes. */
export const generatorVersion = 1;

/** A split has at most this many bytes, far more than a sweep of small networks needs. */
const mostBytes = 4 * 1024 ** 3;

/** Scenes generated between two looks at the event loop. */
const scenesPerTurn = 8;

/** First scene index of each split: ranges cannot meet, since no split has more than 100,000 images. */
export const firstIndexOf: Readonly<Record<Split, number>> = { train: 0, validation: 1_000_000, test: 2_000_000 };

const headOf: Readonly<Record<string, Pick<OpenTask, 'outputChannels' | 'channelNames'>>> = {
  semantic: { outputChannels: sceneClasses.length, channelNames: sceneClasses },
  instance: { outputChannels: 2, channelNames: ['dx', 'dy'] },
  depth: { outputChannels: 1, channelNames: ['inverse depth'] },
};

/** Generated street scenes: nothing to download, and the same on every machine. */
export const streetScenes: Workload<StreetScenesOptions> = {
  name: 'street-scenes',

  /**
   * Generates the splits or reads them from the cache folder, where the first process to generate a split leaves it.
   * @throws SigmasweepError DATA_TOO_LARGE when a split would take more than 4 GiB
   */
  async open(options, cacheFolder) {
    const { height, width } = options;
    return {
      height,
      width,
      channels: 3,
      tasks: workloads['street-scenes'].tasks.map((task) => {
        const head = headOf[task.name];
        if (head === undefined) throw new RangeError(`street-scenes has no labels for the task ${task.name}`);
        return { ...task, output: 'map', ...head };
      }),
      splits: {
        train: await openSplit(options, 'train', cacheFolder),
        validation: await openSplit(options, 'validation', cacheFolder),
        test: await openSplit(options, 'test', cacheFolder),
      },
    };
  },
};

/** Where a split is kept. */
export function cacheFileOf(options: StreetScenesOptions, split: Split, cacheFolder: string): string {
  const { height, width, seed } = options;
  const key = contentHash({ generatorVersion, split, length: options[split], height, width, seed });
  return path.join(cacheFolder, `street-scenes-${split}-${key.slice(0, 32)}.bin`);
}

async function openSplit(options: StreetScenesOptions, split: Split, cacheFolder: string): Promise<PackedSplit> {
  const { height, width } = options;
  const length = options[split];
  const bytes = length * height * width * bytesPerPixel;
  if (bytes > mostBytes) {
    throw new SigmasweepError(
      'DATA_TOO_LARGE',
      `The ${split} split of ${length} images of ${height} × ${width} takes ${bytes} bytes, at most ${mostBytes} are allowed`,
      { hint: `Set fewer images (data.${split}) or a smaller size (data.height, data.width).` },
    );
  }
  const file = cacheFileOf(options, split, cacheFolder);
  const cached = await readCacheFile(file, bytes);
  if (cached !== undefined) return new PackedSplit(length, height, width, cached);
  const generated = await generateSplit(options, split, bytes);
  try {
    await writeCacheFile(file, generated.block);
  } catch (error) {
    // The data is there; without the cache only the next trial's start is slower.
    process.emitWarning(`The data cache ${file} can't be written: ${errorRecord(error).message}`, {
      code: 'SIGMASWEEP_DATA_CACHE',
    });
  }
  return generated;
}

async function generateSplit(options: StreetScenesOptions, split: Split, bytes: number): Promise<PackedSplit> {
  const { height, width, seed } = options;
  const result = new PackedSplit(options[split], height, width, new ArrayBuffer(bytes));
  const render = createRenderer(height, width);
  for (let position = 0; position < result.length; position += 1) {
    result.store(position, render(drawScene(seed, firstIndexOf[split] + position)));
    // Messages and signals must come through while a large split is made.
    if (position % scenesPerTurn === scenesPerTurn - 1) await setImmediate();
  }
  return result;
}
