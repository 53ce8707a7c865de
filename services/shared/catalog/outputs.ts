import type { TaskKind } from './metrics.js';

/** What a head puts out: numbers for each pixel, or for the whole image. */
export type OutputForm = 'map' | 'vector';

export interface OutputInfo {
  readonly form: OutputForm;
  /** How many numbers there are at each pixel, or for the image: a kind's own number, or as many as its data has classes. */
  readonly channels: { readonly least: number; readonly most: number };
}

const exactly = (count: number): OutputInfo['channels'] => ({ least: count, most: count });
const orMore = (count: number): OutputInfo['channels'] => ({ least: count, most: Infinity });

/** What the head of a task puts out, by the task's kind. */
export const outputOfKind: Readonly<Record<TaskKind, OutputInfo>> = {
  segmentation: { form: 'map', channels: orMore(2) },
  'instance-vectors': { form: 'map', channels: exactly(2) },
  depth: { form: 'map', channels: exactly(1) },
  'metric-depth': { form: 'map', channels: exactly(1) },
  'inverse-depth': { form: 'map', channels: exactly(1) },
  normals: { form: 'map', channels: exactly(3) },
  classification: { form: 'vector', channels: orMore(2) },
  'multi-label': { form: 'vector', channels: orMore(1) },
  regression: { form: 'vector', channels: exactly(1) },
};

/**
 * Whether the heads of two tasks can have layers of the same shape: those of maps have all of them but the last in
 * common, those of vectors are one layer each.
 */
export function canShareLayers(one: TaskKind, other: TaskKind): boolean {
  const [a, b] = [outputOfKind[one], outputOfKind[other]];
  if (a.form !== b.form) return false;
  return a.form === 'map' || (a.channels.least <= b.channels.most && b.channels.least <= a.channels.most);
}
