import { layersInBlock } from './encoders.js';
import { models, type ModelConfig, type ModelInfo } from './models.js';
import type { GradientSpace } from './weighting-options.js';
import { distributionOfKind, noisyKinds } from './uncertainty.js';
import { gradientSpaceOf, weightings, type WeightingConfig, type WeightingInfo } from './weightings.js';
import type { TaskKind } from './metrics.js';

const spaceNames: Readonly<Record<GradientSpace, string>> = {
  parameters: 'the shared parameters',
  'last-layer': 'the last shared layer',
  representation: 'the shared representation',
};

/**
 * Why a weighting cannot be used with an architecture, as the rest of a sentence about the weighting; undefined where it
 * can. Some weightings compare the tasks' gradients on something that the tasks share, which not every architecture has.
 */
export function faultOfPair(model: ModelConfig, weighting: WeightingConfig): string | undefined {
  const space = gradientSpaceOf(weighting);
  const info: ModelInfo = models[model.name];
  if (space === undefined || info.gradients.includes(space)) return undefined;
  const wanted = `needs the gradient of each task on ${spaceNames[space]}`;
  if (info.gradients.length === 0) {
    return `${wanted}; under ${model.name} no part of the network is shared by all tasks for the whole training`;
  }
  const offered = info.gradients.map((one) => `${spaceNames[one]} (${one})`).join(' or ');
  return `${wanted}, which ${model.name} does not have; it has it on ${offered}`;
}

/** Why an architecture cannot be built on its encoder, as the rest of a sentence about the encoder; undefined where it can. */
export function faultOfEncoder({ name, encoder }: ModelConfig): string | undefined {
  const { layersInBlock: wanted = 1 }: ModelInfo = models[name];
  const found = layersInBlock(encoder);
  if (found >= wanted) return undefined;
  return (
    `must have ${wanted} layers or more in each block for ${name}, such as resnet or depthwise with units of ${wanted}; ` +
    `found ${encoder.name} with ${found}`
  );
}

/** Why an architecture cannot be trained on so many tasks, as the rest of a sentence about them; undefined where it can. */
export function faultOfTaskCount({ name }: ModelConfig, tasks: number): string | undefined {
  const { mostTasks = Infinity }: ModelInfo = models[name];
  return tasks <= mostTasks ? undefined : `must be ${mostTasks} or fewer for ${name}; found ${tasks}`;
}

/** Why a head cannot predict the noise of a task of a kind, as the rest of a sentence about the task; undefined where it can. */
export function faultOfNoise(kind: TaskKind | undefined): string | undefined {
  if (kind !== undefined && noisyKinds.includes(kind)) return undefined;
  const found = kind === undefined ? 'a task without a kind' : `a task of kind ${kind}`;
  const why =
    kind !== undefined && distributionOfKind[kind] === 'classes'
      ? 'whose class probabilities say it already'
      : 'whose loss is no likelihood';
  return `must be a task of kind ${noisyKinds.join(', ')}; found ${found}, ${why}`;
}

/**
 * Why a weighting cannot be used on tasks whose heads predict their noise, as the rest of a sentence about the weighting;
 * undefined where it can: a negative log likelihood becomes negative when a task is learned well.
 */
export function faultOfNoisyLosses(
  { method }: Pick<WeightingConfig, 'method'>,
  heteroscedastic: readonly string[],
): string | undefined {
  const { positiveLosses }: WeightingInfo = weightings[method];
  if (positiveLosses !== true || heteroscedastic.length === 0) return undefined;
  return (
    `needs losses above 0, and those of ${heteroscedastic.join(', ')} can fall below it: they are negative log ` +
    `likelihoods under uncertainty.heteroscedastic; take a weighting without logarithms or ratios of losses`
  );
}
