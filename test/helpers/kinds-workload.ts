import type { TaskKind } from '../../services/shared/catalog/metrics.js';
import { outputOfKind } from '../../services/shared/catalog/outputs.js';
import type { OwnWorkloads } from '../../services/shared/catalog/own-workloads.js';
import { mix } from '../../services/worker/trainer/random.js';
import type { Batch, Dataset, OpenTask, OpenWorkload, TargetArray } from '../../services/worker/workloads/workload.js';

/** Of its images, in pixels. */
const [height, width] = [8, 8];
const pixels = height * width;
const name = 'kinds';

/** A number 0 … 1 of its own at each place of each sample. */
const noise = (sample: number, place: number): number => mix(mix(17, sample), place) / 2 ** 32;

/** Numbers of a sample's target, by kind. */
const targetsOf: Readonly<Record<TaskKind, (at: (place: number) => number) => TargetArray>> = {
  segmentation: (at) => Int32Array.from({ length: pixels }, (_, place) => Math.floor(4 * at(place)) - 1),
  'instance-vectors': (at) =>
    Float32Array.from({ length: 3 * pixels }, (_, place) => (place % 3 === 2 ? 1 : 4 * at(place) - 2)),
  depth: (at) => Float32Array.from({ length: pixels }, (_, place) => 1 + at(place)),
  'metric-depth': (at) => Float32Array.from({ length: pixels }, (_, place) => 1 + at(place)),
  'inverse-depth': (at) => Float32Array.from({ length: pixels }, (_, place) => 1 + at(place)),
  normals: () => Float32Array.from({ length: 3 * pixels }, (_, place) => (place % 3 === 2 ? 1 : 0)),
  classification: (at) => Int32Array.of(Math.floor(3 * at(0))),
  'multi-label': (at) => Int32Array.of(Math.round(at(0)), Math.round(at(1)), -1),
  regression: (at) => Float32Array.of(at(0)),
};

/** Channels of the heads whose kind leaves them open: three classes or labels. */
const classes = 3;

export type KindsOfTasks = Readonly<Record<string, TaskKind>>;

/** Samples of 8 × 8 pixels whose tasks have the kinds that are wanted. */
export function kindsWorkload(kinds: KindsOfTasks): OpenWorkload {
  const tasks = Object.entries(kinds).map(([task, kind]): OpenTask => {
    const { form, channels } = outputOfKind[kind];
    const outputChannels = Number.isFinite(channels.most) ? channels.most : classes;
    const channelNames = Array.from({ length: outputChannels }, (_, channel) => `channel ${channel}`);
    return { name: task, kind, label: task, output: form, outputChannels, channelNames };
  });
  const dataset = (length: number): Dataset => ({
    length,
    batch: (indices, wanted): Batch => ({
      size: indices.length,
      images: Float32Array.from({ length: indices.length * pixels * 3 }, (_, place) =>
        noise(indices[Math.floor(place / (pixels * 3))] as number, place % (pixels * 3)),
      ),
      targets: Object.fromEntries(wanted.map((task) => [task, joined(indices, kinds[task] as TaskKind)])),
    }),
  });
  return {
    height,
    width,
    channels: 3,
    tasks,
    splits: { train: dataset(4), validation: dataset(2), test: dataset(2) },
  };
}

function joined(indices: ArrayLike<number>, kind: TaskKind): TargetArray {
  const samples = Array.from(indices, (sample) => targetsOf[kind]((place) => noise(sample, 1000 + place)));
  const values = samples.flatMap((sample) => [...sample]);
  return samples[0] instanceof Int32Array ? Int32Array.from(values) : Float32Array.from(values);
}

/** What a spec must say to sweep such a workload, and what planning is told of it. */
export function kindsSpec(kinds: KindsOfTasks): { readonly spec: Record<string, unknown>; readonly own: OwnWorkloads } {
  const tasks = Object.fromEntries(Object.entries(kinds).map(([task, kind]) => [task, { kind, metrics: [] }]));
  const entry = { name, version: '0123456789ab', description: '', tasks, options: { type: 'object' } };
  return {
    spec: {
      name: 'combination',
      workload: 'own',
      data: { name },
      tasks: Object.keys(kinds),
      epochs: 1,
      batchSize: 2,
      baselines: false,
      weightings: [{ method: 'equal' }],
    },
    own: new Map([[name, entry]]),
  };
}
