/** One trainer's share of feeding: reads batches from the cache and changes them, over and over. Started as a thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { augmentOption } from '../../services/shared/catalog/augmentation.js';
import { streetScenesOptions } from '../../services/shared/catalog/workloads.js';
import { Augmenter } from '../../services/worker/trainer/augmentation/augmenter.js';
import { epochOrder } from '../../services/worker/trainer/random.js';
import { workloadImplementations } from '../../services/worker/workloads/registry.js';

export interface FeedTask {
  readonly data: unknown;
  readonly cacheFolder: string;
  /** Undefined: batches are read as they are. */
  readonly augment: unknown;
  readonly seed: number;
}

const batchSize = 16;

const { data, cacheFolder, augment, seed } = workerData as FeedTask;
const workload = await workloadImplementations['street-scenes'].open(streetScenesOptions.parse(data), { cacheFolder });
const train = workload.splits.train;
const tasks = workload.tasks.map(({ name }) => name);
const options = augmentOption.parse(augment);
const augmenter = options === undefined ? undefined : new Augmenter(options, workload, workload.tasks, seed);
let epoch = 0;

function feed(epochs: number): number {
  let images = 0;
  for (const end = epoch + epochs; epoch < end; epoch += 1) {
    const order = epochOrder(train.length, seed, epoch);
    for (let start = 0; start < order.length; start += batchSize) {
      const indices = order.subarray(start, start + batchSize);
      augmenter?.apply(train.batch(indices, tasks), indices, epoch);
      if (augmenter === undefined) train.batch(indices, tasks);
      images += indices.length;
    }
  }
  return images;
}

// So that what is compiled while it runs is compiled.
feed(4);
parentPort?.postMessage('ready');
parentPort?.on('message', (epochs: number) => {
  const images = feed(epochs);
  workload.close?.();
  parentPort?.postMessage({ images });
  parentPort?.close();
});
