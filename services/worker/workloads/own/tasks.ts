import type { TaskKind } from '../../../shared/catalog/metrics.js';

/** What a workload says of a task, by its kind. */
export type TaskDeclaration = {
  /** Shown in tables and charts; the task's name if left out. */
  readonly label?: string;
} & (
  | {
      /** A number for each sample. It is trained in standard deviations of the training split and reported as it is. */
      readonly kind: 'regression';
    }
  | {
      /** One of several classes for each sample. */
      readonly kind: 'classification';
      readonly classes: readonly [string, string, ...string[]];
    }
  | {
      /** Any of several labels for each sample. */
      readonly kind: 'multi-label';
      readonly labels: readonly [string, ...string[]];
    }
  | {
      /** One of several classes for each pixel. */
      readonly kind: 'segmentation';
      readonly classes: readonly [string, string, ...string[]];
    }
  | {
      /**
       * For each pixel: `metric-depth` in metres, `inverse-depth` in any unit, `depth` an inverse depth in px of this
       * width (disparity), `normals` a direction, `instance-vectors` the way to the middle of the pixel's instance.
       */
      readonly kind: 'depth' | 'metric-depth' | 'inverse-depth' | 'normals' | 'instance-vectors';
    }
);

/** Every kind of task can be declared; this line does not compile when one is added and forgotten here. */
export type EveryKind = TaskKind extends TaskDeclaration['kind'] ? true : never;
export const everyKindIsDeclarable: EveryKind = true;

/**
 * What a sample says of a task:
 *
 * - regression: the number; classification: the name of the class; multi-label: the labels that are there; in each case
 *   `undefined` where it is not known
 * - segmentation: class numbers, height × width, any negative number = ignored
 * - depth and its kin: height × width, 0 = not known
 * - normals: height × width × 3, of any length above 0; (0, 0, 0) = not known
 * - instance-vectors: numbers of the instances, height × width, 0 = none
 */
export type TargetOf<Task extends TaskDeclaration> = Task extends { readonly kind: 'regression' }
  ? number | undefined
  : Task extends { readonly kind: 'classification'; readonly classes: readonly (infer Name)[] }
    ? Name | undefined
    : Task extends { readonly kind: 'multi-label'; readonly labels: readonly (infer Name)[] }
      ? readonly Name[] | undefined
      : ArrayLike<number>;

/**
 * What a metric is told of a sample, as prediction and as target:
 *
 * - regression: both as a number, in the unit of the data
 * - classification: the likelihood of each class; the number of the class
 * - multi-label: the likelihood of each label; 1 there, 0 not there, −1 not known
 * - segmentation: logits, height × width × classes; class numbers, negative = ignored
 * - depth and its kin: height × width, in the unit of the data; 0 = not known
 * - normals: height × width × 3, the prediction of any length
 * - instance-vectors: (dx, dy) in px, height × width × 2; (dx, dy, 1 or 0 = none), height × width × 3
 *
 * Samples whose target is not known are not told.
 */
export type ToldOf<Task extends TaskDeclaration> = Task extends { readonly kind: 'regression' }
  ? { readonly prediction: number; readonly target: number }
  : Task extends { readonly kind: 'classification' }
    ? { readonly prediction: Float32Array; readonly target: number }
    : { readonly prediction: Float32Array; readonly target: Float32Array | Int32Array };

/** Adds up one metric over a split. */
export interface MetricSum<Task extends TaskDeclaration> {
  add(sample: ToldOf<Task>): void;
  /** `undefined` where it cannot be said, because no sample counted. */
  value(): number | undefined;
}

/** A metric beside those of the task's kind. */
export interface MetricDeclaration<Task extends TaskDeclaration> {
  /** Which values are better. */
  readonly better: 'higher' | 'lower';
  /** Shown in tables and charts; its name if left out. */
  readonly label?: string;
  readonly unit?: string;
  /** Multiplied in before showing, such as 100 for %. */
  readonly scale?: number;
  /** Decimals shown; 3 if left out. */
  readonly decimals?: number;
  /** Begins to add up over a split; called once for each. */
  sum(): MetricSum<Task>;
}
