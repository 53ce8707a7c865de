import { z } from 'zod';
import { augmentOption } from './augmentation.js';
import { commandOptions, filledMetric } from './command-options.js';
import { cityscapesArraysOptions, cityscapesOptions, imageFolderOptions, nyuv2Options } from './data-sets.js';
import { metricsOfKind, type MetricInfo, type TaskKind } from './metrics.js';
import { ownOptions } from './own-workloads.js';
import { uncertaintyMetricsOfKind } from './uncertainty.js';

export interface TaskInfo {
  readonly name: string;
  readonly kind: TaskKind;
  /** For column heads and labels. */
  readonly label: string;
}

/** A task as tables and charts know it, wherever it was declared. */
export interface KnownTask {
  readonly name: string;
  readonly label: string;
  /** The first is the one that the comparison table and Δm use. */
  readonly metrics: readonly MetricInfo[];
  /** Undefined for a task of a program that declares its metrics itself. */
  readonly kind: TaskKind | undefined;
  /** What trials with `uncertainty` report beside these. */
  readonly uncertaintyMetrics: readonly MetricInfo[];
}

/** What coordinator, dashboard and CLI need to know about a workload; the worker holds its implementation. */
export interface WorkloadInfo {
  readonly name: string;
  readonly description: string;
  readonly tasks: readonly TaskInfo[];
  /** The tasks are declared in the sweep spec, under `data.tasks`, and `tasks` is empty. */
  readonly declaresTasks?: true;
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
  augment: augmentOption,
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
  nyuv2: {
    name: 'nyuv2',
    description:
      'NYUv2 as prepared for the multi-task literature: `train|val/{image,label,depth,normal}/N.npy`. Indoor pictures with classes, depth and surface normals.',
    tasks: [
      { name: 'semantic', kind: 'segmentation', label: 'Semantic class' },
      { name: 'depth', kind: 'metric-depth', label: 'Depth' },
      { name: 'normals', kind: 'normals', label: 'Surface normals' },
    ],
    options: nyuv2Options,
  },
  'cityscapes-arrays': {
    name: 'cityscapes-arrays',
    description:
      'Cityscapes as prepared for the multi-task literature: `train|val/{image,label,depth}/N.npy`, depth being inverse depth in the unit of the files; instance numbers in a folder `instance` are read where there is one.',
    tasks: [
      { name: 'semantic', kind: 'segmentation', label: 'Semantic class' },
      { name: 'instance', kind: 'instance-vectors', label: 'Instance' },
      { name: 'depth', kind: 'inverse-depth', label: 'Inverse depth' },
    ],
    options: cityscapesArraysOptions,
  },
  cityscapes: {
    name: 'cityscapes',
    description:
      'Cityscapes as downloaded: leftImg8bit, gtFine (labelIds and instanceIds) and disparity, resized when it is read.',
    tasks: [
      { name: 'semantic', kind: 'segmentation', label: 'Semantic class' },
      { name: 'instance', kind: 'instance-vectors', label: 'Instance' },
      { name: 'depth', kind: 'depth', label: 'Depth' },
    ],
    options: cityscapesOptions,
  },
  'image-folder': {
    name: 'image-folder',
    description:
      'Pictures (PNG, JPEG) with several labels each, from the names of their folders, such as `red_dress`, or from a table. The spec declares the tasks.',
    tasks: [],
    declaresTasks: true,
    options: imageFolderOptions,
  },
  own: {
    name: 'own',
    description:
      'A workload that the workers bring along, written as one TypeScript or JavaScript file; docs/own-workload.md explains how.',
    tasks: [],
    declaresTasks: true,
    options: ownOptions,
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
  command: {
    name: 'command',
    description:
      'Runs a program of any language, such as a PyTorch script, that a worker’s settings name; docs/command-trainers.md explains how it is told what to train and how it reports.',
    tasks: [],
    declaresTasks: true,
    options: commandOptions,
  },
} as const satisfies Record<string, WorkloadInfo>;

export type WorkloadName = keyof typeof workloads;
/** Workloads that train a network of the worker on data; a rehearsal and a command do not. */
export type TrainedWorkloadName = Exclude<WorkloadName, 'rehearsal' | 'command'>;
/** Those of them that are part of the software. */
export type BuiltInWorkloadName = Exclude<TrainedWorkloadName, 'own'>;
export const workloadNames = Object.keys(workloads) as [WorkloadName, ...WorkloadName[]];

/** A workload's entry by a stored name; undefined for one of a newer version, which this one does not know. */
function findWorkload(name: string): WorkloadInfo | undefined {
  const known: Readonly<Record<string, WorkloadInfo>> = workloads;
  return Object.hasOwn(known, name) ? known[name] : undefined;
}

/** Whether a workload's numbers are made up; one that this version does not know has real ones. */
export function isMadeUp(workload: string): boolean {
  return findWorkload(workload)?.madeUp === true;
}

/** What says which tasks there are: a sweep, a trial's configuration or a comparison. */
export interface TaskSource {
  readonly workload: string;
  /** The spec's `data`, where tasks can be declared. */
  readonly data?: unknown;
}

/** All tasks that a sweep could train, in the workload's order; empty where this version does not know the workload. */
export function tasksOf({ workload, data }: TaskSource): readonly KnownTask[] {
  const info = findWorkload(workload);
  if (info === undefined) return [];
  if (info.declaresTasks !== true) {
    return info.tasks.map(({ name, kind, label }) => ({ name, label, ...ofKind(kind) }));
  }
  const tasks = isRecord(data) ? data['tasks'] : undefined;
  if (workload === 'own') {
    return Object.entries(ownOptions.shape.tasks.safeParse(tasks).data ?? {}).map(
      ([name, { kind, label, metrics }]) => ({
        name,
        label: label ?? name,
        ...ofKind(kind),
        metrics: [...metrics.map(filledMetric), ...metricsOfKind[kind]],
      }),
    );
  }
  const declared = commandOptions.shape.tasks.safeParse(tasks).data ?? {};
  return Object.entries(declared).map(([name, { kind, label, metrics }]) => ({
    name,
    label: label ?? name,
    ...(kind === undefined ? { metrics: (metrics ?? []).map(filledMetric), ...ofNoKind } : ofKind(kind)),
  }));
}

const ofNoKind = { kind: undefined, uncertaintyMetrics: [] };

function ofKind(kind: TaskKind): Omit<KnownTask, 'name' | 'label'> {
  return { kind, metrics: metricsOfKind[kind], uncertaintyMetrics: uncertaintyMetricsOfKind(kind) };
}

/** The `data` of a stored spec or trial configuration. */
export function dataOf(stored: unknown): Readonly<Record<string, unknown>> | undefined {
  const data = isRecord(stored) ? stored['data'] : undefined;
  return isRecord(data) ? data : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Looks a task up by name. */
export function findTask(source: TaskSource, task: string): KnownTask | undefined {
  return tasksOf(source).find((candidate) => candidate.name === task);
}
