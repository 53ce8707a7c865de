import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig, ModelName, ModelOptions } from '../../shared/catalog/models.js';
import { SigmasweepError } from '../../shared/errors.js';
import { hashOfText } from '../trainer/random.js';
import { adaptiveSharing } from './adaptive/adaptive-sharing.js';
import { crossStitch } from './cross-stitch.js';
import { hardSharing } from './hard-sharing.js';
import type {
  Architecture,
  ArchitectureFactory,
  GroupedParameter,
  Model,
  ModelInput,
  ModelTask,
  ParameterSpec,
  StateSpec,
} from './model.js';
import { mtan } from './mtan.js';
import { relationship } from './relationship/relationship.js';
import { scopeOf, type Values } from './scope.js';

/** Every architecture. A new one is an entry in the catalog, one file here and one line here. */
export const architectures: { readonly [Name in ModelName]: ArchitectureFactory<ModelOptions<Name>> } = {
  'hard-sharing': hardSharing,
  'cross-stitch': crossStitch,
  mtan,
  relationship,
  adaptive: adaptiveSharing,
};

/** The network that a trial's configuration asks for, on paper. */
export function architectureOf(config: ModelConfig, input: ModelInput, tasks: readonly ModelTask[]): Architecture {
  // The table's type ties each name to its own options; TypeScript cannot follow that through an index by a union.
  const create = architectures[config.name] as ArchitectureFactory<ModelConfig>;
  return create(config, input, tasks);
}

export function countParameters({ parameters }: Pick<Architecture, 'parameters'>): number {
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/**
 * Gives a network its parameters.
 *
 * A parameter's first value follows from the seed and the name that it is drawn under alone, so trials of the same seed that train other tasks or with
 * other weights start from the same encoder and heads: settings are compared from equal starts.
 * @param isFrozen whether training leaves a parameter as it is; where it does so with all of a part, also what that remembers
 * @throws SigmasweepError MODEL_TOO_LARGE, before anything is allocated, when there are more than `limit` parameters
 */
export function buildModel(
  architecture: Architecture,
  seed: number,
  limit: number,
  isFrozen: (parameter: GroupedParameter) => boolean = () => false,
): Model {
  const parameterCount = countParameters(architecture);
  if (parameterCount > limit) {
    throw new SigmasweepError('MODEL_TOO_LARGE', `The model has ${parameterCount} parameters, the limit is ${limit}`, {
      hint: 'Make the model smaller (model: encoder, head) or raise limits.parameters.',
    });
  }
  const parameters = architecture.parameters.map((spec) => ({ ...spec, variable: initialise(spec, seed) }));
  const state = architecture.state.map((spec) => ({
    ...spec,
    variable: tf.tidy(() => tf.variable(firstState(spec), false)),
  }));
  const parameter = finderOf(parameters, 'parameter');
  const remembered = finderOf(state, 'state');
  const values: Values = {
    parameter: (name) => parameter(name).variable,
    state: (name) => remembered(name).variable,
    isFrozen: frozenPartsOf(architecture.parameters, isFrozen),
  };
  const { shared, adaptation } = architecture;
  const split = shared?.split;
  return {
    parameters,
    parameterCount,
    forward: (images, mode, dropout) => architecture.forward(images, scopeOf(values, mode, undefined, dropout)),
    multiplyAdds: ({ height, width, channels }) => {
      let sum = 0;
      const count = (spent: number): void => void (sum += spent);
      tf.tidy(() => {
        architecture.forward(tf.zeros([1, height, width, channels]), scopeOf(values, 'evaluation', count));
      });
      return sum;
    },
    shared: shared && {
      parameters: parameters.filter(({ group }) => shared.groups.includes(group)),
      lastLayer: shared.lastLayer.map(parameter),
      split: split && {
        encode: (images, mode, dropout) => split.encode(images, scopeOf(values, mode, undefined, dropout)),
        decode: (features, task, mode, dropout) =>
          split.decode(features, task, scopeOf(values, mode, undefined, dropout)),
      },
    },
    penalty: architecture.penalty && (() => architecture.penalty?.(scopeOf(values, 'training')) as tf.Scalar),
    afterEpoch: adaptation && ((epoch, measure) => adaptation.afterEpoch(epoch, values, measure)),
    usedParameters: () =>
      countParameters({ parameters: parameters.filter(({ name }) => adaptation?.isUsed?.(name) ?? true) }),
    encoder: [...architecture.parameters, ...architecture.state]
      .filter(({ block }) => block !== undefined)
      .map(({ name, drawnAs = name }) => ({ name, common: drawnAs })),
    state: {
      ...(adaptation?.numbers === undefined ? {} : { numbers: adaptation.numbers }),
      variables: Object.fromEntries([...parameters, ...state].map(({ name, variable }) => [name, variable])),
    },
    dispose: () => [...parameters, ...state].forEach(({ variable }) => variable.dispose()),
  };
}

/** Tells whether all parameters of the part at a path are frozen. */
function frozenPartsOf(
  parameters: readonly GroupedParameter[],
  isFrozen: (parameter: GroupedParameter) => boolean,
): (path: string) => boolean {
  const known = new Map<string, boolean>();
  const none = !parameters.some(isFrozen);
  const look = (path: string): boolean => {
    const within = parameters.filter(({ name }) => name.startsWith(`${path}/`));
    return within.length > 0 && within.every(isFrozen);
  };
  return (path) => {
    if (none) return false;
    const found = known.get(path) ?? look(path);
    known.set(path, found);
    return found;
  };
}

function finderOf<Named extends { readonly name: string }>(
  list: readonly Named[],
  what: string,
): (name: string) => Named {
  const byName = new Map(list.map((one) => [one.name, one]));
  return (name) => {
    const found = byName.get(name);
    if (found === undefined) throw new RangeError(`the architecture uses a ${what} it does not list: ${name}`);
    return found;
  };
}

function firstState({ shape, value, values }: StateSpec): tf.Tensor {
  return values === undefined ? tf.fill([...shape], value) : tf.tensor([...values], [...shape]);
}

function initialise(
  { name, shape, deviation, mean = 0, values, drawnAs = name }: ParameterSpec,
  seed: number,
): tf.Variable {
  return tf.tidy(() => {
    if (values !== undefined) return tf.variable(tf.tensor([...values], [...shape]));
    const value =
      deviation === 0
        ? tf.fill([...shape], mean)
        : tf.randomNormal([...shape], mean, deviation, 'float32', hashOfText(drawnAs, seed));
    return tf.variable(value);
  });
}
