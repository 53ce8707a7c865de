import type { TaskSource } from '../catalog/workloads.js';
import type { Setting } from '../compare/results.js';
import type { ErrorRecord } from '../errors.js';
import type { Weights } from './expand-grid.js';

/** What a needed trial ended with. */
export interface Outcome {
  readonly setting: Pick<Setting, 'key' | 'position' | 'label' | 'kind' | 'tasks' | 'weights'>;
  /** False for one that training gave up and that can be done without. */
  readonly succeeded: boolean;
  /** Factor of each task's loss at the end of training. */
  readonly finalWeights: Weights;
  /** Metrics on the validation split after the last epoch. */
  readonly validation: readonly { readonly task: string; readonly metric: string; readonly value: number }[];
}

export type Derived =
  | {
      readonly weights: Weights;
      /** Where they come from, in a sentence for people. */
      readonly note: string;
    }
  | { readonly fault: ErrorRecord };

export interface DerivedFor {
  /** What knows the tasks' metrics. */
  readonly source: TaskSource;
  /** The tasks that are to be trained. */
  readonly tasks: readonly string[];
}
