import type { TaskKind } from '../../../shared/catalog/metrics.js';
import type { Dataset, OpenTask, TargetArray, TaskKindImplementation } from '../workload.js';
import { ConfusionMatrix } from './confusion-matrix.js';
import { topClasses } from './classification.js';
import { multiLabel } from './multi-label.js';
import { NormalAngles } from './normals.js';
import { regression } from './regression.js';

/** What a prediction scores that does not look at the image: a network that has learned something beats it by far. */
export interface TrivialBaseline {
  /** The prediction, in words. */
  readonly prediction: string;
  /** Metrics by name, unscaled, as those of the task's kind; without a single valid pixel there are none. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** The best prediction that is the same at every pixel, or for every image, of a split, by kind of task. */
export const trivialBaselines: Readonly<Record<TaskKind, (dataset: Dataset, task: OpenTask) => TrivialBaseline>> = {
  segmentation: (dataset, task) => {
    const { prediction, matrix } = majorityClass(dataset, task);
    const metrics = { meanIoU: matrix.meanIoU(), pixelAccuracy: matrix.accuracy() };
    return { prediction: `the most frequent class everywhere (${prediction})`, metrics: whereCounted(metrics) };
  },
  classification: (dataset, task) => {
    const { prediction, matrix, amongTop } = majorityClass(dataset, task);
    const metrics = { accuracy: matrix.accuracy(), macroF1: matrix.macroF1(), topThreeAccuracy: amongTop };
    return { prediction: `always the most frequent classes (${prediction})`, metrics: whereCounted(metrics) };
  },
  'instance-vectors': zeroVector,
  depth: (dataset, task) => bestConstantDepth(dataset, task, 'px'),
  'metric-depth': (dataset, task) => bestConstantDepth(dataset, task, 'm'),
  'inverse-depth': (dataset, task) => bestConstantDepth(dataset, task, ''),
  normals: meanDirection,
  'multi-label': labelShares,
  regression: meanValue,
};

const known = new WeakMap<Dataset, Map<string, TrivialBaseline>>();

/** The same, worked out once for each split: the trials that a trainer trains one after the other share their data. */
export function trivialBaseline(dataset: Dataset, task: OpenTask): TrivialBaseline {
  const ofDataset = known.get(dataset) ?? new Map<string, TrivialBaseline>();
  known.set(dataset, ofDataset);
  const baseline = ofDataset.get(task.name) ?? trivialBaselines[task.kind](dataset, task);
  ofDataset.set(task.name, baseline);
  return baseline;
}

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

/** The prediction that ranks the classes by how often they occur. */
function majorityClass(
  dataset: Dataset,
  task: OpenTask,
): { prediction: string; matrix: ConfusionMatrix; amongTop: number } {
  const counts = new Float64Array(task.outputChannels);
  for (const targets of targetsOf(dataset, task.name)) {
    for (const label of targets) if (label >= 0) counts[label] = (counts[label] as number) + 1;
  }
  const label = counts.reduce((best, count, candidate) => (count > (counts[best] as number) ? candidate : best), 0);
  const matrix = new ConfusionMatrix(task.outputChannels);
  counts.forEach((count, truth) => matrix.add(truth, label, count));
  const all = counts.reduce((sum, count) => sum + count, 0);
  const top = [...counts].sort((one, other) => other - one).slice(0, topClasses);
  return {
    prediction: task.channelNames[label] ?? String(label),
    matrix,
    amongTop: top.reduce((sum, count) => sum + count, 0) / all,
  };
}

/** Without a single label there is nothing to score. */
function whereCounted(metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.values(metrics).some(Number.isNaN) ? {} : metrics;
}

/** The vectors of an instance's pixels to its centroid sum to 0, so 0 is the constant of least squared error. */
function zeroVector(dataset: Dataset, task: OpenTask): TrivialBaseline {
  let sum = 0;
  let count = 0;
  for (const targets of targetsOf(dataset, task.name)) {
    for (let pixel = 0; pixel < targets.length / 3; pixel += 1) {
      if (targets[3 * pixel + 2] === 0) continue;
      sum += Math.hypot(targets[3 * pixel] as number, targets[3 * pixel + 1] as number);
      count += 1;
    }
  }
  return { prediction: 'no distance to the centroid anywhere', metrics: count === 0 ? {} : { meanError: sum / count } };
}

/** The median, which no other constant beats in mean absolute error. */
function bestConstantDepth(dataset: Dataset, task: OpenTask, unit: string): TrivialBaseline {
  const parts = [...targetsOf(dataset, task.name)].map((targets) =>
    new Float64Array(targets).filter((depth) => depth > 0),
  );
  const values = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const part of parts) {
    values.set(part, filled);
    filled += part.length;
  }
  values.sort();
  const constant = values[Math.floor(values.length / 2)];
  if (constant === undefined) return { prediction: 'nothing', metrics: {} };
  const mean = (of: (value: number) => number): number =>
    values.reduce((sum, value) => sum + of(value), 0) / values.length;
  return {
    prediction: `the median everywhere (${`${constant.toPrecision(4)} ${unit}`.trim()})`,
    metrics: {
      meanError: mean((value) => Math.abs(value - constant)),
      relativeError: mean((value) => Math.abs(value - constant) / value),
    },
  };
}

/** The direction that the normals have on average, which is the constant of least squared distance. */
function meanDirection(dataset: Dataset, task: OpenTask): TrivialBaseline {
  const sum = new Float64Array(3);
  for (const targets of targetsOf(dataset, task.name)) {
    targets.forEach((value, index) => (sum[index % 3] = (sum[index % 3] as number) + value));
  }
  const angles = new NormalAngles();
  for (const targets of targetsOf(dataset, task.name)) {
    const constant = Float32Array.from(targets, (_, index) => sum[index % 3] as number);
    angles.update(constant, targets, 1);
  }
  const length = Math.hypot(...sum) || 1;
  const shown = Array.from(sum, (value) => (value / length).toFixed(2)).join(', ');
  return { prediction: `the mean direction everywhere (${shown})`, metrics: angles.result() };
}

/** How often each label is there. */
function labelShares(dataset: Dataset, task: OpenTask): TrivialBaseline {
  const [there, known] = [new Float64Array(task.outputChannels), new Float64Array(task.outputChannels)];
  for (const targets of targetsOf(dataset, task.name)) {
    targets.forEach((target, index) => {
      if (target < 0) return;
      const label = index % task.outputChannels;
      known[label] = (known[label] as number) + 1;
      there[label] = (there[label] as number) + target;
    });
  }
  const logits = there.map((count, label) => Math.log(count / ((known[label] as number) - count)));
  const metrics = constantScores(dataset, task, Array.from(logits), multiLabel);
  return { prediction: 'for each label how often it is there', metrics };
}

/** The mean, which no other constant beats in squared error. */
function meanValue(dataset: Dataset, task: OpenTask): TrivialBaseline {
  let [sum, count] = [0, 0];
  for (const targets of targetsOf(dataset, task.name)) {
    for (const value of targets) {
      if (Number.isNaN(value)) continue;
      sum += value;
      count += 1;
    }
  }
  if (count === 0) return { prediction: 'nothing', metrics: {} };
  const { mean, deviation } = task.scaling ?? { mean: 0, deviation: 1 };
  const shown = (mean + (deviation * sum) / count).toPrecision(4);
  return { prediction: `the mean (${shown})`, metrics: constantScores(dataset, task, [sum / count], regression) };
}

/** What the same outputs for every sample score. */
function constantScores(
  dataset: Dataset,
  task: OpenTask,
  outputs: readonly number[],
  kind: TaskKindImplementation,
): Record<string, number> {
  const accumulator = kind.accumulator(task, 1, 1);
  for (const targets of targetsOf(dataset, task.name)) {
    const size = targets.length / outputs.length;
    const predictions = Float32Array.from(targets, (_, index) => outputs[index % outputs.length] as number);
    accumulator.update(predictions, targets, size);
  }
  return accumulator.result();
}
