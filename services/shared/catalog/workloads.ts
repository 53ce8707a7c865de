import { z } from 'zod';

/** What a task predicts; each kind has one loss, one set of metrics and one way to be drawn. */
export const taskKinds = ['segmentation', 'instance-vectors', 'depth', 'classification'] as const;
export type TaskKind = (typeof taskKinds)[number];

/** A reported quantity of a task. `better` decides what "best" and the sign of Δm mean. */
export interface MetricInfo {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Multiplied in before showing, e.g. 100 for a share shown in %. */
  readonly scale: number;
  /** Decimals shown after scaling. */
  readonly decimals: number;
}

/** The metrics of each task kind; the first is the one that the comparison table and Δm use. */
export const metricsOfKind: Readonly<Record<TaskKind, readonly [MetricInfo, ...MetricInfo[]]>> = {
  segmentation: [
    { name: 'meanIoU', label: 'IoU', unit: '%', better: 'higher', scale: 100, decimals: 1 },
    { name: 'pixelAccuracy', label: 'Pixel accuracy', unit: '%', better: 'higher', scale: 100, decimals: 1 },
  ],
  'instance-vectors': [
    { name: 'meanError', label: 'Instance error', unit: 'px', better: 'lower', scale: 1, decimals: 3 },
  ],
  depth: [
    { name: 'meanError', label: 'Inverse depth error', unit: 'px', better: 'lower', scale: 1, decimals: 3 },
    { name: 'relativeError', label: 'Relative error', unit: '%', better: 'lower', scale: 100, decimals: 1 },
  ],
  classification: [
    { name: 'accuracy', label: 'Accuracy', unit: '%', better: 'higher', scale: 100, decimals: 1 },
    { name: 'macroF1', label: 'Macro F1', unit: '%', better: 'higher', scale: 100, decimals: 1 },
    { name: 'topThreeAccuracy', label: 'Top-3 accuracy', unit: '%', better: 'higher', scale: 100, decimals: 1 },
  ],
};

export interface TaskInfo {
  readonly name: string;
  readonly kind: TaskKind;
  /** For column heads and labels. */
  readonly label: string;
}

/** What coordinator, dashboard and CLI need to know about a workload; the worker holds its implementation. */
export interface WorkloadInfo {
  readonly name: string;
  readonly description: string;
  readonly tasks: readonly TaskInfo[];
  /** Options of `data:` in a sweep spec; defaults fill what is left out. */
  readonly options: z.ZodObject;
  /** Nothing is trained: tables of its numbers say so, because they must never pass for a result. */
  readonly madeUp?: true;
}

const imageCount = (fallback: number) => z.int().min(1).max(100_000).default(fallback);

export const streetScenesOptions = z.strictObject({
  train: imageCount(600).describe('Number of training images.'),
  validation: imageCount(150).describe('Number of validation images.'),
  test: imageCount(150).describe('Number of held-out test images; the comparison table shows these.'),
  height: z.int().min(16).max(512).multipleOf(8).default(64).describe('Image height in pixels, a multiple of 8.'),
  width: z.int().min(16).max(1024).multipleOf(8).default(128).describe('Image width in pixels, a multiple of 8.'),
  seed: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .default(1)
    .describe('Seed of the generated scenes, the same for every trial.'),
});
export type StreetScenesOptions = z.infer<typeof streetScenesOptions>;

export const shapesOptions = z.strictObject({
  train: imageCount(1200).describe('Number of training images.'),
  validation: imageCount(300).describe('Number of validation images.'),
  test: imageCount(600).describe('Number of held-out test images; the comparison table shows these.'),
  size: z
    .int()
    .min(16)
    .max(256)
    .multipleOf(8)
    .default(32)
    .describe('Height and width of an image in pixels, a multiple of 8.'),
  noise: z
    .number()
    .min(0)
    .max(1)
    .default(0.15)
    .describe('Strength of the noise, 0 … 1; with more the tasks are harder.'),
  seed: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .default(1)
    .describe('Seed of the generated images, the same for every trial.'),
});
export type ShapesOptions = z.infer<typeof shapesOptions>;

export const rehearsalOptions = z.strictObject({
  secondsPerEpoch: z
    .number()
    .min(0)
    .max(3600)
    .default(0)
    .describe('How long an epoch pretends to take, in seconds; 0 = as fast as can be reported.'),
  extraPoints: z
    .int()
    .min(0)
    .max(10_000)
    .default(0)
    .describe('Further made-up numbers that each epoch reports, to rehearse the load of a workload with many.'),
});
export type RehearsalOptions = z.infer<typeof rehearsalOptions>;

/** Every workload by name. A new one is a line here, its options, and a folder in services/worker/workloads. */
export const workloads = {
  'street-scenes': {
    name: 'street-scenes',
    description: 'Generated street scenes with semantic classes, instances and inverse depth from one geometry.',
    tasks: [
      { name: 'semantic', kind: 'segmentation', label: 'Semantic class' },
      { name: 'instance', kind: 'instance-vectors', label: 'Instance' },
      { name: 'depth', kind: 'depth', label: 'Depth' },
    ],
    options: streetScenesOptions,
  },
  shapes: {
    name: 'shapes',
    description:
      'Generated pictures of one shape each on a cluttered ground: which of six shapes, in which of six colours.',
    tasks: [
      { name: 'shape', kind: 'classification', label: 'Shape' },
      { name: 'colour', kind: 'classification', label: 'Colour' },
    ],
    options: shapesOptions,
  },
  rehearsal: {
    name: 'rehearsal',
    description:
      'Trains nothing: every number is made up by a formula. Goes the whole way of a sweep in moments, to see what it plans and whether the machines and servers do their part.',
    tasks: [
      { name: 'semantic', kind: 'segmentation', label: 'Semantic class (made up)' },
      { name: 'instance', kind: 'instance-vectors', label: 'Instance (made up)' },
      { name: 'depth', kind: 'depth', label: 'Depth (made up)' },
    ],
    options: rehearsalOptions,
    madeUp: true,
  },
} as const satisfies Record<string, WorkloadInfo>;

export type WorkloadName = keyof typeof workloads;
/** Workloads that train a network of the worker on data; a rehearsal does not. */
export type TrainedWorkloadName = Exclude<WorkloadName, 'rehearsal'>;
export const workloadNames = Object.keys(workloads) as [WorkloadName, ...WorkloadName[]];

/** Whether a workload's numbers are made up; one that this version does not know has real ones. */
export function isMadeUp(workload: string): boolean {
  const known: Readonly<Record<string, WorkloadInfo>> = workloads;
  return Object.hasOwn(known, workload) && known[workload]?.madeUp === true;
}

/** Looks a task of a workload up by name. */
export function findTask(workload: WorkloadName, task: string): TaskInfo | undefined {
  return workloads[workload].tasks.find((candidate) => candidate.name === task);
}
