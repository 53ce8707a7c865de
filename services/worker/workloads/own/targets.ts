import { showValue } from '../../../shared/sweep-spec/describe-issue.js';
import { directionOf } from '../arrays/array-sample.js';
import { vectorsToCentroids } from '../centroids.js';
import type { Field } from '../packed/layout.js';
import { pixelsPerOutput } from '../task-kinds/units.js';
import type { OpenTask, TargetArray } from '../workload.js';
import { BrokenSample } from './broken-sample.js';
import type { TaskDeclaration } from './tasks.js';

interface Size {
  readonly height: number;
  readonly width: number;
}

/** What the targets and outputs of a task are, by its kind. */
export interface OwnTarget {
  readonly field: Field;
  readonly head: Pick<OpenTask, 'outputChannels' | 'channelNames'>;
  /**
   * A target as it is kept.
   * @throws BrokenSample
   */
  kept(target: unknown, sample: string): ArrayLike<number>;
  /**
   * What a metric is told of one sample; undefined where its target is not known.
   * @param prediction raw head output of the sample
   */
  told(
    prediction: Float32Array,
    target: TargetArray,
    scaling: NonNullable<OpenTask['scaling']>,
  ): { readonly prediction: number | Float32Array; readonly target: number | TargetArray } | undefined;
}

type TaskOf<Kind extends TaskDeclaration['kind']> = Extract<TaskDeclaration, { kind: Kind }>;
type Factories = {
  readonly [Kind in TaskDeclaration['kind']]: (task: TaskOf<Kind>, size: Size, name: string) => OwnTarget;
};

function numbersOf(target: unknown, length: number, sample: string, name: string): ArrayLike<number> {
  const given = target as ArrayLike<number> | null | undefined;
  if (typeof given !== 'object' || given === null || given.length !== length) {
    const found = typeof given === 'object' && given !== null ? `${String(given.length)} numbers` : `a ${typeof given}`;
    throw new BrokenSample(sample, `has ${found} for ${name}; ${length} numbers are expected`);
  }
  return given;
}

function checked(
  values: ArrayLike<number>,
  sample: string,
  name: string,
  fault: (value: number) => string | undefined,
) {
  for (let index = 0; index < values.length; index += 1) {
    const wrong = fault(values[index] as number);
    if (wrong !== undefined) {
      throw new BrokenSample(sample, `has ${String(values[index])} at position ${index} of ${name}; ${wrong}`);
    }
  }
  return values;
}

const finite = (value: number): string | undefined =>
  Number.isFinite(value) ? undefined : 'every number must be finite';
const positions = ({ height, width }: Size): number => height * width;
const asItIs = (prediction: Float32Array, target: TargetArray) => ({ prediction, target });

/** @param unitOf what of the targets' unit an output of 1 stands for */
function distance(unitOf: (width: number) => number): Factories['depth'] {
  return (_task, size, name) => ({
    field: { codec: 'real32', channels: 1, per: 'pixel' },
    head: { outputChannels: 1, channelNames: [name] },
    kept: (target, sample) =>
      checked(numbersOf(target, positions(size), sample, name), sample, name, (value) =>
        value >= 0 && Number.isFinite(value) ? undefined : 'distances are 0 (not known) or more',
      ),
    told: (prediction, target) => ({ prediction: prediction.map((value) => value * unitOf(size.width)), target }),
  });
}

const factories: Factories = {
  regression: (_task, _size, name) => ({
    field: { codec: 'real32', channels: 1, per: 'sample' },
    head: { outputChannels: 1, channelNames: [name] },
    kept: (target, sample) => {
      if (target === undefined || target === null) return [NaN];
      if (typeof target === 'number' && Number.isFinite(target)) return [target];
      throw new BrokenSample(
        sample,
        `has ${showValue(target)} for ${name}; a finite number, or undefined, is expected`,
      );
    },
    told: ([prediction = NaN], [target = NaN], { mean, deviation }) =>
      Number.isNaN(target)
        ? undefined
        : // Targets are kept in single precision: rounding to it undoes what the scaling there and back has changed.
          { prediction: mean + deviation * prediction, target: Math.fround(mean + deviation * target) },
  }),

  classification: ({ classes }, _size, name) => ({
    field: { codec: 'label16', channels: 1, per: 'sample' },
    head: { outputChannels: classes.length, channelNames: classes },
    kept: (target, sample) => {
      if (target === undefined || target === null) return [-1];
      const label = classes.indexOf(target as string);
      if (label >= 0) return [label];
      throw new BrokenSample(
        sample,
        `has the class ${showValue(target)} for ${name}; the classes are ${classes.join(', ')}`,
      );
    },
    told: (logits, [target = -1]) => (target < 0 ? undefined : { prediction: softmax(logits), target }),
  }),

  'multi-label': ({ labels }, _size, name) => ({
    field: { codec: 'label8', channels: labels.length, per: 'sample' },
    head: { outputChannels: labels.length, channelNames: labels },
    kept: (target, sample) => {
      if (target === undefined || target === null) return labels.map(() => -1);
      const there = target as readonly string[];
      const unknown = Array.isArray(target) ? there.find((label) => !labels.includes(label)) : showValue(target);
      if (unknown === undefined) return labels.map((label) => (there.includes(label) ? 1 : 0));
      throw new BrokenSample(sample, `has the label ${unknown} for ${name}; the labels are ${labels.join(', ')}`);
    },
    told: (logits, target) =>
      target.some((value) => value >= 0)
        ? { prediction: logits.map((logit) => 1 / (1 + Math.exp(-logit))), target }
        : undefined,
  }),

  segmentation: ({ classes }, size, name) => ({
    field: { codec: 'label16', channels: 1, per: 'pixel' },
    head: { outputChannels: classes.length, channelNames: classes },
    kept: (target, sample) =>
      Int32Array.from(
        checked(numbersOf(target, positions(size), sample, name), sample, name, (value) =>
          Number.isInteger(value) && value < classes.length ? undefined : `classes are 0 … ${classes.length - 1}`,
        ),
        (value) => Math.max(-1, value),
      ),
    told: asItIs,
  }),

  depth: distance(pixelsPerOutput),
  'metric-depth': distance(() => 1),
  'inverse-depth': distance(() => 1),

  normals: (_task, size, name) => ({
    field: { codec: 'direction16', channels: 3, per: 'pixel' },
    head: { outputChannels: 3, channelNames: ['x', 'y', 'z'] },
    kept: (target, sample) =>
      directionOf(checked(numbersOf(target, 3 * positions(size), sample, name), sample, name, finite)),
    told: asItIs,
  }),

  'instance-vectors': (_task, size, name) => ({
    field: { codec: 'vector', channels: 3, per: 'pixel' },
    head: { outputChannels: 2, channelNames: ['dx', 'dy'] },
    kept: (target, sample) =>
      vectorsToCentroids(
        checked(numbersOf(target, positions(size), sample, name), sample, name, (value) =>
          Number.isInteger(value) && value >= 0 ? undefined : 'instances are whole numbers, 0 = none',
        ),
        size.width,
      ),
    told: (prediction, target) => ({
      prediction: prediction.map((value) => value * pixelsPerOutput(size.width)),
      target,
    }),
  }),
};

export function ownTargetOf(name: string, task: TaskDeclaration, size: Size): OwnTarget {
  // The table's type ties each kind to its own declaration; TypeScript cannot follow that through an index by a union.
  const create = factories[task.kind] as (task: TaskDeclaration, size: Size, name: string) => OwnTarget;
  return create(task, size, name);
}

function softmax(logits: Float32Array): Float32Array {
  const largest = Math.max(...logits);
  const exponentials = logits.map((logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}
