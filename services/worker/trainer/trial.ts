import './register-gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { augmentationOf } from '../../shared/catalog/augmentation.js';
import {
  faultOfEncoder,
  faultOfNoise,
  faultOfNoisyLosses,
  faultOfPair,
  faultOfTasks,
} from '../../shared/catalog/compatibility.js';
import { distributionOfKind } from '../../shared/catalog/uncertainty.js';
import type { GradientSpace } from '../../shared/catalog/weighting-options.js';
import { SigmasweepError } from '../../shared/errors.js';
import type { TrialConfig } from '../../shared/trial-config.js';
import type { GroupedParameter, Model } from '../models/model.js';
import { architectureOf, buildModel } from '../models/registry.js';
import type { Optimizer, TrainedVariable } from '../optimizers/optimizer.js';
import { createOptimizer } from '../optimizers/registry.js';
import { createWeighting } from '../weighting/registry.js';
import type { Weighting } from '../weighting/weighting.js';
import type { OpenTask, OpenWorkload, TaskKindImplementation } from '../workloads/workload.js';
import { Augmenter } from './augmentation/augmenter.js';
import { GradientCosines } from './gradient-cosines.js';
import { joinStates, type PartState } from './part-state.js';
import { RecordedFunction } from './recorded-function.js';

/** A trained task with what its kind can do. */
export interface TrialTask extends OpenTask {
  readonly implementation: TaskKindImplementation;
  /**
   * Channels of the head's output behind those of the task, where it predicts its noise: one of a regression, one for each
   * class of a classification; otherwise 0.
   */
  readonly noiseChannels: number;
}

export type TaskKinds = Readonly<Record<OpenTask['kind'], TaskKindImplementation>>;

/** Everything that one trial trains with. */
export interface Trial {
  readonly config: TrialConfig;
  readonly workload: OpenWorkload;
  readonly tasks: readonly TrialTask[];
  readonly model: Model;
  readonly weighting: Weighting;
  /** Those that training moves, in the order that `optimizer` wants their gradients. */
  readonly variables: readonly TrainedVariable[];
  readonly optimizer: Optimizer;
  /** Changes training batches; undefined where they are trained on as they are. */
  readonly augmenter: Augmenter | undefined;
  /** Between the tasks' gradients of the running epoch; stays empty where the weighting takes no gradients. */
  readonly cosines: GradientCosines;
  /** How what is computed over and over is run. */
  readonly recordings: Recordings;
  /** Everything that changes while it trains, by name: `model/…`, `weighting/…`, `learned/…`, `optimizer/…`, `cosines/…`. */
  readonly state: PartState;
  dispose(): void;
}

export interface Recordings {
  /** Steps under a weighting of losses, from a batch to the variables' new values. */
  readonly steps: RecordedFunction;
  /** The network's outputs in evaluation. */
  readonly predictions: RecordedFunction;
}

/**
 * Builds a trial's network, weighting and optimizer on the current backend.
 * @param tell takes a line for the log
 * @throws SigmasweepError TASK_UNKNOWN, MODEL_UNSUITABLE, MODEL_TOO_LARGE, WEIGHT_MISSING, WEIGHTING_UNSUPPORTED,
 *   UNCERTAINTY_UNSUPPORTED, NOTHING_TRAINED
 */
export function openTrial(
  config: TrialConfig,
  workload: OpenWorkload,
  kinds: TaskKinds,
  tell: (line: string) => void = () => undefined,
): Trial {
  const tasks = config.tasks.map((name) => openTask(name, config, workload, kinds));
  const unfit = faultOfEncoder(config.model, tasks);
  if (unfit !== undefined) throw new SigmasweepError('MODEL_UNSUITABLE', `The model's encoder ${unfit}`);
  const unrelated = faultOfTasks(config.model, tasks);
  if (unrelated !== undefined) throw new SigmasweepError('MODEL_UNSUITABLE', `The tasks ${unrelated}`);
  const fault = faultOfPair(config.model, config.weighting);
  if (fault !== undefined) {
    throw new SigmasweepError('WEIGHTING_UNSUPPORTED', `The weighting ${config.weighting.method} ${fault}`, {
      hint: 'Take other gradients (the option of that name), another architecture, or a weighting that needs the losses only.',
    });
  }
  const noisy = faultOfNoisyLosses(
    config.weighting,
    tasks.filter(({ noiseChannels }) => noiseChannels > 0),
  );
  if (noisy !== undefined) {
    throw new SigmasweepError('WEIGHTING_UNSUPPORTED', `The weighting ${config.weighting.method} ${noisy}`);
  }
  const parts: { dispose(): void }[] = [];
  const dispose = (): void => parts.forEach((part) => part.dispose());
  const opened = <Part extends { dispose(): void }>(part: Part): Part => {
    parts.push(part);
    return part;
  };
  try {
    const architecture = architectureOf(config.model, workload, tasks);
    const model = opened(buildModel(architecture, config.seed, config.limits.parameters, isFrozenIn(config)));
    const weighted = tasks.map(({ name, implementation, noiseChannels }) => {
      return { name, likelihood: noiseChannels > 0 ? ('own' as const) : implementation.likelihood };
    });
    const weighting = opened(createWeighting(config.weighting, weighted, config.seed));
    const optimizer = opened(createOptimizer(config.optimizer, variablesOf(config, model, weighting)));
    const variables = optimizer.trained;
    const moved = new Set(variables.map(({ variable }) => variable));
    if (weighting.needs === 'task-gradients' && !comparedOn(weighting.space, model).some((one) => moved.has(one))) {
      throw new SigmasweepError(
        'WEIGHTING_UNSUPPORTED',
        `The weighting ${config.weighting.method} looks at the gradients of what the tasks share; all of it is frozen`,
        { hint: 'Give the encoder a learning rate above 0, or take a weighting that needs the losses only.' },
      );
    }
    if (!variables.some(({ of }) => of === 'network')) {
      throw new SigmasweepError('NOTHING_TRAINED', 'Every parameter of the network is frozen', {
        hint: 'Give the encoder or the head of a task a learning rate above 0 (optimizer.learningRates).',
      });
    }
    const augmentation = augmentationOf(config.data);
    const augmenter =
      augmentation === undefined ? undefined : new Augmenter(augmentation, workload, tasks, config.seed);
    const cosines = new GradientCosines(tasks.length);
    const steps = opened(new RecordedFunction('training steps', tell));
    const predictions = opened(new RecordedFunction('predictions', tell));
    const recordings: Recordings = { steps, predictions };
    const state = joinStates({
      model: model.state,
      weighting: weighting.state,
      learned: {
        variables: Object.fromEntries(weighting.variables.map(({ name, variable }) => [name, variable])),
      },
      optimizer: optimizer.state,
      cosines: cosines.state,
    });
    return {
      config,
      workload,
      tasks,
      model,
      weighting,
      variables,
      optimizer,
      augmenter,
      cosines,
      recordings,
      state,
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The variables that a weighting compares the tasks' gradients on, or that lie before the representation that it does. */
function comparedOn(space: GradientSpace, { shared }: Model): tf.Variable[] {
  const parameters = space === 'last-layer' ? shared?.lastLayer : shared?.parameters;
  return (parameters ?? []).map(({ variable }) => variable);
}

/** Whether training leaves a parameter as it is: all of its group, or the encoder up to its block. */
function isFrozenIn({ optimizer, transfer, model }: TrialConfig): (parameter: GroupedParameter) => boolean {
  const trained = transfer?.trainBlocks ?? model.encoder.channels.length;
  const fixedBlocks = model.encoder.channels.length - trained;
  return ({ group, block }) => optimizer.learningRates[group] === 0 || (block !== undefined && block <= fixedBlocks);
}

/** Everything that could be trained, each with its group's learning rate. */
function variablesOf(config: TrialConfig, model: Model, weighting: Weighting): TrainedVariable[] {
  const rateOf = (group: string): number => config.optimizer.learningRates[group] ?? 1;
  const isFrozen = isFrozenIn(config);
  return [
    ...model.parameters.map((parameter): TrainedVariable => {
      const { name, group, variable } = parameter;
      return { name, variable, learningRateMultiplier: isFrozen(parameter) ? 0 : rateOf(group), of: 'network' };
    }),
    ...weighting.variables.map((learned): TrainedVariable => {
      const learningRateMultiplier = learned.learningRateMultiplier * rateOf('weighting');
      return { ...learned, learningRateMultiplier, of: 'weighting' };
    }),
  ];
}

function openTask(name: string, { uncertainty }: TrialConfig, workload: OpenWorkload, kinds: TaskKinds): TrialTask {
  const task = workload.tasks.find((candidate) => candidate.name === name);
  if (task === undefined) {
    const known = workload.tasks.map((candidate) => candidate.name).join(', ');
    throw new SigmasweepError('TASK_UNKNOWN', `The workload has no task ${name}; it has ${known}`);
  }
  const isNoisy = uncertainty?.heteroscedastic.includes(name) === true;
  const fault = isNoisy ? faultOfNoise(task.kind) : undefined;
  if (fault !== undefined) {
    throw new SigmasweepError('UNCERTAINTY_UNSUPPORTED', `uncertainty.heteroscedastic ${fault} (${name})`, {
      hint: 'Leave the task out of uncertainty.heteroscedastic; docs/uncertainty.md says which kinds can predict their noise.',
    });
  }
  const noiseChannels = !isNoisy ? 0 : distributionOfKind[task.kind] === 'classes' ? task.outputChannels : 1;
  return { ...task, implementation: withOwnMetrics(task, kinds[task.kind]), noiseChannels };
}

/** The metrics of a task's kind, after those of its workload's own. */
function withOwnMetrics({ ownMetrics }: OpenTask, kind: TaskKindImplementation): TaskKindImplementation {
  if (ownMetrics === undefined) return kind;
  return {
    ...kind,
    accumulator: (...given) => {
      const [own, usual] = [ownMetrics(), kind.accumulator(...given)];
      return {
        update: (...batch) => {
          own.update(...batch);
          usual.update(...batch);
        },
        result: () => ({ ...own.result(), ...usual.result() }),
        ...(usual.confusion === undefined ? {} : { confusion: () => usual.confusion?.() ?? new Float64Array() }),
      };
    },
  };
}

/** @param images size × height × width × channels */
export function imageTensor(images: Float32Array, size: number, workload: OpenWorkload): tf.Tensor4D {
  return tf.tensor4d(images, [size, workload.height, workload.width, workload.channels]);
}

/** A task's target array of a batch. */
export function targetOf<Target>(targets: Readonly<Record<string, Target>>, task: string): Target {
  const target = targets[task];
  if (target === undefined) throw new RangeError(`the data set gave no target for task ${task}`);
  return target;
}
