import { encoderNames, encoders, layersInBlock, type EncoderInfo } from './encoders.js';
import type { TaskKind } from './metrics.js';
import { models, type ModelConfig, type ModelInfo } from './models.js';
import { canShareLayers, outputOfKind } from './outputs.js';
import type { GradientSpace } from './weighting-options.js';
import { distributionOfKind, noisyKinds } from './uncertainty.js';
import { gradientSpaceOf, needsPositiveLosses, type WeightingConfig } from './weightings.js';

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

/** A task as the rules of what goes together see it; without a kind where a program declares it. */
export interface TypedTask {
  readonly name: string;
  readonly kind: TaskKind | undefined;
}

/**
 * Why an architecture cannot be built on its encoder for some tasks, as the rest of a sentence about the encoder; undefined
 * where it can.
 */
export function faultOfEncoder({ name, encoder }: ModelConfig, tasks: readonly TypedTask[]): string | undefined {
  const { layersInBlock: wanted = 1 }: ModelInfo = models[name];
  const found = layersInBlock(encoder);
  if (found < wanted) {
    return (
      `must have ${wanted} layers or more in each block for ${name}, such as resnet or depthwise with units of ${wanted}; ` +
      `found ${encoder.name} with ${found}`
    );
  }
  const { hasNoPlaces }: EncoderInfo = encoders[encoder.name];
  const maps = tasks.filter(({ kind }) => kind !== undefined && outputOfKind[kind].form === 'map');
  if (hasNoPlaces !== true || maps.length === 0) return undefined;
  const others = encoderNames.filter((other) => (encoders[other] as EncoderInfo).hasNoPlaces !== true);
  return (
    `must be ${others.join(', ')}: ${described(maps)} ${maps.length === 1 ? 'says' : 'say'} something of each pixel; ` +
    `found ${encoder.name}, whose features have no places`
  );
}

/** Why an architecture cannot be trained on some tasks, as the rest of a sentence about them; undefined where it can. */
export function faultOfTasks({ name }: ModelConfig, tasks: readonly TypedTask[]): string | undefined {
  const { mostTasks = Infinity, relatesHeads }: ModelInfo = models[name];
  if (tasks.length > mostTasks) return `must be ${mostTasks} or fewer for ${name}; found ${tasks.length}`;
  const kinds = tasks.flatMap(({ kind }) => kind ?? []);
  const isRelated = kinds.some((kind, place) => kinds.slice(place + 1).some((other) => canShareLayers(kind, other)));
  if (relatesHeads !== true || kinds.length < 2 || isRelated) return undefined;
  return (
    `must have two or more for ${name} whose heads have layers of the same shape, such as two of one kind or two that ` +
    `say something of each pixel; found ${described(tasks)}`
  );
}

/** For example "semantic (segmentation), depth (depth)". */
function described(tasks: readonly TypedTask[]): string {
  return tasks.map(({ name, kind }) => (kind === undefined ? name : `${name} (${kind})`)).join(', ');
}

/** Why a head cannot predict the noise of a task of a kind, as the rest of a sentence about the task; undefined where it can. */
export function faultOfNoise(kind: TaskKind | undefined): string | undefined {
  if (kind !== undefined && noisyKinds.includes(kind)) return undefined;
  const found = kind === undefined ? 'a task without a kind' : `a task of kind ${kind}`;
  const why = kind === 'multi-label' ? 'whose labels are judged one by one' : 'whose loss is no likelihood';
  return `must be a task of kind ${noisyKinds.join(', ')}; found ${found}, ${why}`;
}

/**
 * Why a weighting cannot be used on tasks whose heads predict their noise, as the rest of a sentence about the weighting;
 * undefined where it can: the negative log of a density becomes negative when a regression is learned well, that of a
 * class's probability does not.
 */
export function faultOfNoisyLosses(
  weighting: WeightingConfig,
  heteroscedastic: readonly TypedTask[],
): string | undefined {
  const densities = heteroscedastic.filter(
    ({ kind }) => kind !== undefined && distributionOfKind[kind] === 'regression',
  );
  if (!needsPositiveLosses(weighting) || densities.length === 0) return undefined;
  return (
    `needs losses above 0, and those of ${densities.map(({ name }) => name).join(', ')} can fall below it: they are negative log ` +
    `likelihoods under uncertainty.heteroscedastic; take a weighting without logarithms or ratios of losses`
  );
}
