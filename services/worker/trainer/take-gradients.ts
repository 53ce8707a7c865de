import * as tf from '@tensorflow/tfjs-core';
import type { GradientSpace } from '../../shared/catalog/weighting-options.js';
import type { SharedModel, SplitModel } from '../models/model.js';
import type { Combination, GradientWeighting } from '../weighting/weighting.js';
import type { HeadOutput } from '../workloads/workload.js';
import { asRows, packNumbers, rowsInShapesOf, weightedSum } from './gradient-rows.js';
import { lossesOf, type StepBatch } from './step-batch.js';
import { gate, gradientsOf, offTape, onTape, type Gradient } from './tape.js';
import { combine, headVariables, movedOf } from './task-variables.js';
import type { Trial } from './trial.js';

/** What the one forward pass gave. Its tensors are kept; the step disposes of them. */
export interface TakenGradients {
  /** The tasks' losses, [tasks]. */
  readonly shown: tf.Tensor1D;
  /** What comes to the host. */
  readonly numbers: tf.Tensor1D;
  /** By task, on the parameters of its head. */
  readonly heads: readonly (readonly Gradient[])[];
  /** On the weighting's own variables, all tasks' added up. */
  readonly own: readonly Gradient[];
  readonly shared: SharedGradients;
}

/** On the shared parameters: a row for each task, [tasks, parameters], or added up already. */
type SharedGradients =
  { readonly rows: tf.Tensor2D } | { readonly sum: readonly Gradient[]; readonly combination: Combination };

/** WebGPU can be read asynchronously only, and a tape cannot wait. */
function canReadAtOnce(): boolean {
  return tf.getBackend() !== 'webgpu';
}

/** Where the tasks' gradients meet on the tape. */
interface Meeting {
  readonly outputs: readonly HeadOutput[];
  /** What each task's gradient is taken on beside its own parameters. */
  readonly tensors: readonly tf.Tensor[];
  /**
   * A row for each task, [tasks, numbers], of gradients on one of the spaces.
   * @param met by task, on `tensors`
   */
  rowsOn(space: GradientSpace, met: readonly (readonly tf.Tensor[])[]): tf.Tensor2D;
  /** The gradients of all shared parameters, added up; undefined where there are nothing but rows. */
  readonly sum?: (weights: readonly number[], met: readonly (readonly tf.Tensor[])[]) => readonly Gradient[];
}

/**
 * The gradients of a step, in one forward pass.
 *
 * In a network that splits into a shared part and heads, the heads are differentiated down to the shared representation,
 * each for its own task, which their own update costs in any case. The shared part is differentiated
 *
 * - for each task, where the weighting wants gradients on the parameters, or where the device cannot be read while a
 *   gradient is being taken: the rows are added up afterwards;
 * - otherwise once, for the weighted sum of the tasks' gradients on the representation.
 *
 * In any other, every task's loss is differentiated all the way.
 */
export function takeGradients(trial: Trial, weighting: GradientWeighting, batch: StepBatch): TakenGradients {
  const shared = trial.model.shared as SharedModel;
  const ownVariables = weighting.variables.map(({ variable }) => variable);
  return onTape(() => {
    const meeting =
      shared.split === undefined ? meetAtParameters(trial, shared, batch) : meetAt(shared.split, trial, shared, batch);
    const { outputs, tensors } = meeting;
    const losses = lossesOf(trial, batch, outputs);
    const trained = losses.map((loss) => loss.trained);
    const scaled = weighting.scaleLosses?.(trained) ?? { losses: trained, factors: [] };

    return offTape(() => {
      const byTask = scaled.losses.map((loss, task) => {
        const heads = headVariables(trial, task);
        const gradients = gradientsOf(loss, [...tensors, ...heads, ...ownVariables]);
        return {
          met: tensors.map((tensor, index) => gradients[index] ?? tf.zerosLike(tensor)),
          head: gradients.slice(tensors.length, tensors.length + heads.length),
          own: gradients.slice(tensors.length + heads.length),
        };
      });
      const whole = byTask.map((task) => task.met);
      const masked = weighting.maskGradients?.(asRows(whole, tensors));
      const met = masked === undefined ? whole : rowsInShapesOf(masked.gradients, tensors);
      const rows = masked?.gradients ?? meeting.rowsOn(weighting.space, met);
      const factors = masked === undefined ? scaled.factors : (tf.unstack(masked.left) as tf.Scalar[]);
      const numbers = packNumbers(trained, factors, rows);

      const gradientsOfShared = (): SharedGradients => {
        if (weighting.space === 'parameters') return { rows: tf.keep(rows) };
        if (meeting.sum === undefined || !canReadAtOnce()) return { rows: tf.keep(meeting.rowsOn('parameters', met)) };
        const combination = combine(trial, weighting, numbers.dataSync());
        return { sum: kept(meeting.sum(combination.shared, met)), combination };
      };
      return {
        shown: tf.keep(tf.stack(losses.map(({ shown }) => shown)) as tf.Tensor1D),
        numbers: tf.keep(numbers),
        heads: byTask.map(({ head }) => kept(head)),
        own: kept(ownVariables.map((_, index) => sumOf(byTask.map(({ own }) => own[index] ?? null)))),
        shared: gradientsOfShared(),
      };
    });
  });
}

/** At the representation between a shared part and heads. */
function meetAt(split: SplitModel, trial: Trial, shared: SharedModel, batch: StepBatch): Meeting {
  const variables = movedOf(trial, shared.parameters);
  const features = split.encode(batch.images, 'training', batch.dropout);
  // What the heads are given is told apart from what the shared part itself goes on with.
  const handed = features.map((feature) => tf.clone(feature));
  let returned: readonly tf.Tensor[] = [];
  const entry = gate(features, () => returned);
  /** From gradients on the representation to those on parameters of the shared part. */
  const backward = (from: readonly tf.Tensor[], parameters: readonly tf.Tensor[]): Gradient[] => {
    returned = from;
    return gradientsOf(entry, parameters);
  };
  return {
    outputs: trial.tasks.map(({ name }) => split.decode(handed, name, 'training', batch.dropout)),
    tensors: handed,
    rowsOn: (space, met) => {
      if (space === 'representation') return asRows(met, handed);
      const parameters = space === 'parameters' ? variables : movedOf(trial, shared.lastLayer);
      return asRows(
        met.map((representation) => backward(representation, parameters)),
        parameters,
      );
    },
    sum: (weights, met) => backward(weightedSum(met, weights), variables),
  };
}

/** At the shared parameters themselves. */
function meetAtParameters(trial: Trial, shared: SharedModel, { images, dropout }: StepBatch): Meeting {
  const variables = movedOf(trial, shared.parameters);
  return {
    outputs: trial.model.forward(images, 'training', dropout),
    tensors: variables,
    rowsOn: (space, met) => {
      if (space === 'representation') throw new RangeError('this network has no shared representation');
      if (space === 'parameters') return asRows(met, variables);
      const last = movedOf(trial, shared.lastLayer);
      const places = last.map((variable) => variables.indexOf(variable));
      return asRows(
        met.map((gradients) => places.map((place) => gradients[place] ?? null)),
        last,
      );
    },
  };
}

function kept(gradients: readonly Gradient[]): Gradient[] {
  return gradients.map((gradient) => gradient && tf.keep(gradient));
}

function sumOf(gradients: readonly Gradient[]): Gradient {
  const found = gradients.filter((gradient) => gradient !== null);
  return found.length === 0 ? null : tf.addN(found);
}
