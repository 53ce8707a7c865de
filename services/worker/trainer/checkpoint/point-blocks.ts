import { z } from 'zod';
import { metricSplits, type MetricPoint } from '../../../shared/messages/reports.js';
import { CheckpointError } from './errors.js';
import type { Block } from './format.js';

/** What the metrics of a trial are called; each point names one of them by its place. */
export const pointNames = z.array(z.tuple([z.enum(metricSplits), z.string(), z.string()]));
type PointNames = z.infer<typeof pointNames>;

const names = { keys: 'points/keys', values: 'points/values' } as const;

/** Metric points as columns: 16 bytes each, and each name once. */
export function pointsToBlocks(points: readonly MetricPoint[]): { names: PointNames; blocks: [string, Block][] } {
  const places = new Map<string, number>();
  const listed: PointNames = [];
  const keys = new Int32Array(2 * points.length);
  const values = new Float64Array(points.length);
  points.forEach(({ epoch, split, task, metric, value }, index) => {
    const key = JSON.stringify([split, task, metric]);
    let place = places.get(key);
    if (place === undefined) {
      place = listed.push([split, task, metric]) - 1;
      places.set(key, place);
    }
    keys[2 * index] = place;
    keys[2 * index + 1] = epoch;
    values[index] = value;
  });
  return {
    names: listed,
    blocks: [
      [names.keys, { shape: [points.length, 2], values: keys }],
      [names.values, { shape: [points.length], values }],
    ],
  };
}

/**
 * The reverse of `pointsToBlocks`.
 * @throws CheckpointError CHECKPOINT_MISMATCH when the columns do not belong together
 */
export function pointsFromBlocks(listed: PointNames, blocks: ReadonlyMap<string, Block>): MetricPoint[] {
  const keys = blocks.get(names.keys)?.values ?? [];
  const values = blocks.get(names.values)?.values ?? [];
  return Array.from(values, (value, index) => {
    const name = listed[keys[2 * index] ?? -1];
    if (name === undefined)
      throw new CheckpointError('CHECKPOINT_MISMATCH', `Metric ${index} of the checkpoint has no name`);
    const [split, task, metric] = name;
    return { epoch: keys[2 * index + 1] ?? 0, split, task, metric, value };
  });
}
