import type { Dataset, OpenTask, TargetArray } from '../workload.js';
import { ConfusionMatrix } from './segmentation.js';

/** Samples read at once. */
const chunk = 32;

function* targetsOf(dataset: Dataset, task: string): Generator<TargetArray> {
  for (let start = 0; start < dataset.length; start += chunk) {
    const size = Math.min(chunk, dataset.length - start);
    const indices = Array.from({ length: size }, (_, index) => start + index);
    const targets = dataset.batch(indices, [task]).targets[task];
    if (targets === undefined) throw new RangeError(`the data set has no task ${task}`);
    yield targets;
  }
}

export interface MajorityClassScore {
  /** The class that most pixels have; −1 when all are ignored. */
  readonly label: number;
  readonly meanIoU: number;
  readonly pixelAccuracy: number;
}

/** What a segmentation task scores when the most frequent class is predicted everywhere. */
export function majorityClassScore(dataset: Dataset, task: OpenTask): MajorityClassScore {
  const counts = new Float64Array(task.outputChannels);
  for (const targets of targetsOf(dataset, task.name)) {
    for (const label of targets) if (label >= 0) counts[label] = (counts[label] as number) + 1;
  }
  const label = counts.reduce((best, count, candidate) => (count > (counts[best] as number) ? candidate : best), 0);
  const matrix = new ConfusionMatrix(task.outputChannels);
  counts.forEach((count, truth) => matrix.add(truth, label, count));
  const { meanIoU = 0, pixelAccuracy = 0 } = matrix.result();
  return { label: pixelAccuracy > 0 ? label : -1, meanIoU, pixelAccuracy };
}

export interface ConstantDepthError {
  /** The constant, px: the median, which no other constant beats in mean absolute error. */
  readonly constant: number;
  /** px */
  readonly meanError: number;
}

/** What a depth task scores when the best constant is predicted everywhere; NaN when nothing is valid. */
export function bestConstantDepthError(dataset: Dataset, task: OpenTask): ConstantDepthError {
  const parts = [...targetsOf(dataset, task.name)].map((targets) =>
    Float64Array.from(targets).filter((depth) => depth > 0),
  );
  const values = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const part of parts) {
    values.set(part, filled);
    filled += part.length;
  }
  values.sort();
  const constant = values[Math.floor(values.length / 2)] ?? NaN;
  return { constant, meanError: values.reduce((sum, value) => sum + Math.abs(value - constant), 0) / values.length };
}
