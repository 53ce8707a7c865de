import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { encode } from 'fast-png';
import { cityscapesOptions } from '../services/shared/catalog/data-sets.js';
import { streetScenesOptions } from '../services/shared/catalog/workloads.js';
import { workloadImplementations } from '../services/worker/workloads/registry.js';
import { createRenderer, type RenderedScene } from '../services/worker/workloads/street-scenes/render.js';
import { drawScene } from '../services/worker/workloads/street-scenes/scene.js';
import type { FeedTask } from './data/feed.js';
import type { BenchRecord } from './record.js';

const [height, width] = [128, 256];
const data = { train: 256, validation: 1, test: 1, height, width };
const augment = { flip: 0.5, scale: 1.5, colour: 0.2 };
const epochs = 12;
const size = `${height} × ${width}, 3 tasks`;

/** Cityscapes' own size, and so many of its scenes. */
const [fullHeight, fullWidth, fullScenes] = [1024, 2048, 6];

export async function run(): Promise<readonly BenchRecord[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-bench-throughput-'));
  try {
    const cacheFolder = join(folder, 'cache');
    const workload = await workloadImplementations['street-scenes'].open(streetScenesOptions.parse(data), {
      cacheFolder,
    });
    workload.close?.();
    const cores = availableParallelism();
    const feed = (readers: number, changes: unknown): Promise<number> =>
      fed(readers, { cacheFolder, augment: changes });
    const [plain, one, all] = [await feed(1, undefined), await feed(1, augment), await feed(cores, augment)];
    const decoded = await decodedASecond(folder);
    const row = (name: string, value: number, comparedWith: string): BenchRecord => {
      return { name: `data-throughput: ${name}`, value, unit: 'images/s', comparedWith };
    };
    return [
      row('read from the cache, one thread', plain, size),
      row('read and augmented, one thread', one, `${size}, without augmentation ${plain.toFixed(0)}`),
      row(`read and augmented, ${cores} threads`, all, `${size}, one thread ${one.toFixed(0)}; goal on 4 cores 2,000`),
      row('Cityscapes decoded once, one thread', decoded, `${fullHeight} × ${fullWidth} PNG files, to ${size}`),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Images a second of so many threads that read one cache file at the same time. */
async function fed(readers: number, { cacheFolder, augment: changes }: Pick<FeedTask, 'cacheFolder' | 'augment'>) {
  const threads = Array.from({ length: readers }, (_, seed) => {
    const workerData: FeedTask = { data, cacheFolder, augment: changes, seed };
    return new Worker(new URL('./data/feed.js', import.meta.url), { workerData });
  });
  const next = (thread: Worker): Promise<unknown> =>
    new Promise((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
    });
  await Promise.all(threads.map(next));
  const start = performance.now();
  const answers = threads.map(next);
  threads.forEach((thread) => thread.postMessage(epochs));
  const images = ((await Promise.all(answers)) as { images: number }[]).reduce((sum, answer) => sum + answer.images, 0);
  return (1000 * images) / (performance.now() - start);
}

/** Decodes scenes that were drawn at the size of Cityscapes, from files as Cityscapes has them. */
async function decodedASecond(folder: string): Promise<number> {
  const render = createRenderer(fullHeight, fullWidth);
  for (let index = 0; index < fullScenes; index += 1) {
    const split = index < fullScenes - 1 ? 'train' : 'val';
    writeScene(join(folder, 'cityscapes-raw'), `${split}/ulm/ulm_00000${index}_000019`, render(drawScene(1, index)));
  }
  const options = cityscapesOptions.parse({ height, width, validationShare: 0 });
  const start = performance.now();
  const workload = await workloadImplementations.cityscapes.open(options, {
    cacheFolder: join(folder, 'cache'),
    dataFolder: folder,
  });
  // The test split is decoded for validation too, as there is none of its own; the second time it is in the cache.
  const seconds = (performance.now() - start) / 1000;
  workload.close?.();
  return fullScenes / seconds;
}

/** Numbers of Cityscapes for the classes of a generated scene, in their order. */
const labelOfClass = [7, 8, 11, 13, 17, 21, 23, 24, 26];

function writeScene(folder: string, place: string, { rgb, classes, instances, inverseDepth }: RenderedScene): void {
  const pixels = fullHeight * fullWidth;
  const labels = Uint8Array.from(classes, (number) => labelOfClass[number] ?? 0);
  const ids = Uint16Array.from({ length: pixels }, (_, pixel) => {
    const [label = 0, instance = 0] = [labels[pixel], instances[pixel]];
    return instance === 0 ? label : 1000 * label + (instance % 1000);
  });
  const disparity = Uint16Array.from(inverseDepth, (value) => (value === 0 ? 0 : Math.min(65_535, 1 + 256 * value)));
  const write = (top: string, ending: string, bytes: Uint8Array): void => {
    const file = join(folder, top, `${place}_${ending}.png`);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, bytes);
  };
  const grey = (values: Uint8Array | Uint16Array): Uint8Array =>
    encode({
      width: fullWidth,
      height: fullHeight,
      data: values,
      channels: 1,
      depth: values instanceof Uint16Array ? 16 : 8,
    });
  write(
    'leftImg8bit',
    'leftImg8bit',
    encode({ width: fullWidth, height: fullHeight, data: rgb, channels: 3, depth: 8 }),
  );
  write('gtFine', 'gtFine_labelIds', grey(labels));
  write('gtFine', 'gtFine_instanceIds', grey(ids));
  write('disparity', 'disparity', grey(disparity));
}
