import type { MetricPoint } from '../../../services/shared/messages/reports.js';
import { hashOfText } from '../../../services/worker/trainer/random.js';

/** Numbers follow from what they are of, so that whoever checks them needs no record of what was sent. */
export function valueOf(trialId: string, epoch: number, split: string, task: string, metric: string): number {
  return hashOfText(`${trialId} ${epoch} ${split} ${task} ${metric}`, 1) / 2 ** 32;
}

const perEpoch = [
  ['train', 'loss'],
  ['validation', 'meanIoU'],
  ['validation', 'pixelAccuracy'],
] as const;
const atTheEnd = [
  ['test', 'meanIoU'],
  ['test', 'pixelAccuracy'],
] as const;

/** What a toy trial reports after an epoch; epoch `epochs` is its last. */
export function pointsOf(trialId: string, epoch: number, epochs: number): MetricPoint[] {
  const rows = epoch === epochs ? [...perEpoch, ...atTheEnd] : perEpoch;
  return rows.map(([split, metric]) => ({
    epoch,
    split,
    task: 'semantic',
    metric,
    value: valueOf(trialId, epoch, split, 'semantic', metric),
  }));
}

/** Everything that a whole attempt reports. */
export function allPointsOf(trialId: string, epochs: number): MetricPoint[] {
  return Array.from({ length: epochs }, (_, index) => pointsOf(trialId, index + 1, epochs)).flat();
}
