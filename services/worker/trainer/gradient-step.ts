import * as tf from '@tensorflow/tfjs-core';
import type { ModelParameter, SharedModel } from '../models/model.js';
import type { Combination, GradientWeighting } from '../weighting/weighting.js';
import { asRows, inShapesOf, packNumbers, rowsInShapesOf, unpackNumbers, weightedSum } from './gradient-rows.js';
import { lossesOf, type StepBatch } from './step-batch.js';
import { gate, gradientsOf, offTape, onTape, type Gradient } from './tape.js';
import type { Trial } from './trial.js';

/** What the one forward pass gave. Its tensors are kept; the step disposes of them. */
interface TakenGradients {
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

/**
 * One step under a weighting of gradients, in one forward pass. The heads are differentiated down to the shared
 * representation, each for its own task, which their own update costs in any case. The shared part is differentiated
 *
 * - for each task, where the weighting wants gradients on the parameters, or where the device cannot be read while a
 *   gradient is being taken: the rows are added up afterwards;
 * - otherwise once, for the weighted sum of the tasks' gradients on the representation.
 *
 * Only the losses and the inner products of the tasks' gradients come to the host, in one reading.
 * @returns the tasks' losses, [tasks]; the caller disposes of it
 */
export async function gradientStep(
  trial: Trial,
  weighting: GradientWeighting,
  batch: StepBatch,
  learningRate: number,
): Promise<tf.Tensor1D> {
  const taken = takeGradients(trial, weighting, batch);
  const { shown, numbers, shared } = taken;
  try {
    const combination = 'rows' in shared ? combine(trial, weighting, await numbers.data()) : shared.combination;
    tf.tidy(() => trial.optimizer.apply(gradientsOfUpdate(trial, taken, combination), learningRate));
    return shown;
  } catch (error) {
    shown.dispose();
    throw error;
  } finally {
    const sums = 'rows' in shared ? [shared.rows] : shared.sum;
    tf.dispose([numbers, ...sums, ...taken.heads.flat(), ...taken.own].filter((tensor) => tensor !== null));
  }
}

/** WebGPU can be read asynchronously only, and a tape cannot wait. */
function canReadAtOnce(): boolean {
  return tf.getBackend() !== 'webgpu';
}

function takeGradients(trial: Trial, weighting: GradientWeighting, batch: StepBatch): TakenGradients {
  const shared = trial.model.shared as SharedModel;
  const sharedVariables = movedOf(trial, shared.parameters);
  const ownVariables = weighting.variables.map(({ variable }) => variable);
  return onTape(() => {
    const features = shared.encode(batch.images, 'training');
    // What the heads are given is told apart from what the shared part itself goes on with.
    const handed = features.map((feature) => tf.clone(feature));
    const outputs = trial.tasks.map(({ name }) => shared.decode(handed, name, 'training'));
    const losses = lossesOf(trial, batch, outputs);
    const trained = losses.map((loss) => loss.trained);
    const scaled = weighting.scaleLosses?.(trained) ?? { losses: trained, factors: [] };
    let returned: readonly tf.Tensor[] = [];
    const entry = gate(features, () => returned);

    return offTape(() => {
      const byTask = scaled.losses.map((loss, task) => {
        const heads = headVariables(trial, task);
        const gradients = gradientsOf(loss, [...handed, ...heads, ...ownVariables]);
        return {
          representation: handed.map((feature, index) => gradients[index] ?? tf.zerosLike(feature)),
          head: gradients.slice(handed.length, handed.length + heads.length),
          own: gradients.slice(handed.length + heads.length),
        };
      });
      const whole = byTask.map(({ representation }) => representation);
      const masked = weighting.maskGradients?.(asRows(whole, handed));
      const representations = masked === undefined ? whole : rowsInShapesOf(masked.gradients, handed);
      /** From gradients on the representation to those on parameters of the shared part. */
      const backward = (from: readonly tf.Tensor[], parameters: readonly tf.Tensor[]): Gradient[] => {
        returned = from;
        return gradientsOf(entry, parameters);
      };
      const rowsOn = (parameters: readonly tf.Tensor[]): tf.Tensor2D =>
        asRows(
          representations.map((representation) => backward(representation, parameters)),
          parameters,
        );
      const rows = {
        parameters: () => rowsOn(sharedVariables),
        'last-layer': () => rowsOn(movedOf(trial, shared.lastLayer)),
        representation: () => masked?.gradients ?? asRows(representations, handed),
      }[weighting.space]();
      const numbers = packNumbers(
        trained,
        masked === undefined ? scaled.factors : (tf.unstack(masked.left) as tf.Scalar[]),
        rows,
      );

      const gradientsOfShared = (): SharedGradients => {
        if (weighting.space === 'parameters') return { rows: tf.keep(rows) };
        if (!canReadAtOnce()) return { rows: tf.keep(rowsOn(sharedVariables)) };
        const combination = combine(trial, weighting, numbers.dataSync());
        const sum = backward(weightedSum(representations, combination.shared), sharedVariables);
        return { sum: kept(sum), combination };
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

/**
 * Lets the weighting decide. Numbers that are not finite are no case for its solvers: training has diverged, and is
 * ended when the losses are read.
 */
function combine(trial: Trial, weighting: GradientWeighting, numbers: ArrayLike<number>): Combination {
  const gradients = unpackNumbers(numbers, trial.tasks.length);
  if (Array.from(numbers).every(Number.isFinite)) {
    trial.cosines.add(gradients.gram);
    return weighting.combineGradients(gradients);
  }
  const alike = gradients.losses.map(() => 1);
  return { shared: alike, heads: alike };
}

/** In the order of the trial's variables. */
function gradientsOfUpdate(trial: Trial, taken: TakenGradients, combination: Combination): Gradient[] {
  const { shared, own, heads } = taken;
  const sharedVariables = movedOf(trial, (trial.model.shared as SharedModel).parameters);
  const sum = 'rows' in shared ? inShapesOf(shared.rows, combination.shared, sharedVariables) : shared.sum;
  const found = new Map<tf.Tensor, Gradient>();
  sharedVariables.forEach((variable, index) => found.set(variable, sum[index] ?? null));
  heads.forEach((head, task) => {
    const weight = combination.heads[task] ?? 0;
    headVariables(trial, task).forEach((variable, index) => {
      const gradient = head[index] ?? null;
      found.set(variable, gradient === null || weight === 1 ? gradient : tf.mul(gradient, weight));
    });
  });
  trial.weighting.variables.forEach(({ variable }, index) => found.set(variable, own[index] ?? null));
  return trial.variables.map(({ variable }) => found.get(variable) ?? null);
}

/** Those that are not frozen: the update moves no others, and what they would give is not looked at. */
function movedOf({ variables }: Trial, parameters: readonly ModelParameter[]): tf.Variable[] {
  const moved = new Set(variables.map(({ variable }) => variable));
  return parameters.map(({ variable }) => variable).filter((variable) => moved.has(variable));
}

function headVariables(trial: Trial, task: number): tf.Variable[] {
  const { model, tasks } = trial;
  return movedOf(
    trial,
    model.parameters.filter(({ group }) => group === tasks[task]?.name),
  );
}

function kept(gradients: readonly Gradient[]): Gradient[] {
  return gradients.map((gradient) => gradient && tf.keep(gradient));
}

function sumOf(gradients: readonly Gradient[]): Gradient {
  const found = gradients.filter((gradient) => gradient !== null);
  return found.length === 0 ? null : tf.addN(found);
}
