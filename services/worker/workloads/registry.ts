import type { TaskKind } from '../../shared/catalog/metrics.js';
import type { BuiltInWorkloadName, workloads } from '../../shared/catalog/workloads.js';
import type { z } from 'zod';
import { cityscapesArrays, nyuv2 } from './arrays/workload.js';
import { cityscapes } from './cityscapes/workload.js';
import { imageFolder } from './image-folder/workload.js';
import { streetScenes } from './street-scenes/workload.js';
import { shapes } from './shapes/workload.js';
import { classification } from './task-kinds/classification.js';
import { depth, inverseDepth, metricDepth } from './task-kinds/depth.js';
import { instanceVectors } from './task-kinds/instance-vectors.js';
import { multiLabel } from './task-kinds/multi-label.js';
import { normals } from './task-kinds/normals.js';
import { regression } from './task-kinds/regression.js';
import { segmentation } from './task-kinds/segmentation.js';
import type { OpenWorkload, TaskKindImplementation, Workload, WorkloadFolders } from './workload.js';

/** The worker's side of each workload, typed by its own options. */
const implementations: {
  readonly [Name in BuiltInWorkloadName]: Workload<z.infer<(typeof workloads)[Name]['options']>, Name>;
} = {
  'street-scenes': streetScenes,
  shapes,
  nyuv2,
  'cityscapes-arrays': cityscapesArrays,
  cityscapes,
  'image-folder': imageFolder,
};

/** Every workload of the catalog. `open` expects options that the catalog's schema has let through. */
export const workloadImplementations: {
  readonly [Name in BuiltInWorkloadName]: {
    readonly name: Name;
    open(options: unknown, folders: WorkloadFolders): Promise<OpenWorkload>;
  };
} = implementations;

/** Loss, metrics and drawing of each kind of task in the catalog. */
export const taskKindImplementations: Readonly<Record<TaskKind, TaskKindImplementation>> = {
  segmentation,
  'instance-vectors': instanceVectors,
  depth,
  'metric-depth': metricDepth,
  'inverse-depth': inverseDepth,
  normals,
  classification,
  'multi-label': multiLabel,
  regression,
};
