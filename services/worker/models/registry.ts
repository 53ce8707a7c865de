import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig, ModelName } from '../../shared/catalog/models.js';
import { SigmasweepError } from '../../shared/errors.js';
import { hashOfText } from '../trainer/random.js';
import { hardSharing } from './hard-sharing.js';
import type {
  Architecture,
  ArchitectureFactory,
  Model,
  ModelInput,
  ModelParameter,
  ModelTask,
  ParameterLookup,
  ParameterSpec,
} from './model.js';

type Options<Name extends ModelName> = Extract<ModelConfig, { name: Name }>;

/** Every architecture. A new one is an entry in the catalog, one file here and one line here. */
export const architectures: { readonly [Name in ModelName]: ArchitectureFactory<Options<Name>> } = {
  'hard-sharing': hardSharing,
};

/** The network that a trial's configuration asks for, on paper. */
export function architectureOf(config: ModelConfig, input: ModelInput, tasks: readonly ModelTask[]): Architecture {
  return architectures[config.name](config, input, tasks);
}

export function countParameters({ parameters }: Architecture): number {
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/**
 * Gives a network its parameters.
 *
 * A parameter's first value follows from (seed, name) alone, so trials of the same seed that train other tasks or with
 * other weights start from the same encoder and heads: settings are compared from equal starts.
 * @throws SigmasweepError MODEL_TOO_LARGE, before anything is allocated, when there are more than `limit` parameters
 */
export function buildModel(architecture: Architecture, seed: number, limit: number): Model {
  const parameterCount = countParameters(architecture);
  if (parameterCount > limit) {
    throw new SigmasweepError('MODEL_TOO_LARGE', `The model has ${parameterCount} parameters, the limit is ${limit}`, {
      hint: 'Make the model smaller (model: encoder, head) or raise limits.parameters.',
    });
  }
  const parameters = architecture.parameters.map((spec) => ({ ...spec, variable: initialise(spec, seed) }));
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const find = (name: string): ModelParameter => {
    const parameter = byName.get(name);
    if (parameter === undefined) throw new RangeError(`the architecture uses a parameter it does not list: ${name}`);
    return parameter;
  };
  const lookup: ParameterLookup = (name) => find(name).variable;
  const { shared } = architecture;
  return {
    parameters,
    parameterCount,
    forward: (images) => architecture.forward(images, lookup),
    shared: shared && {
      parameters: parameters.filter(({ group }) => shared.groups.includes(group)),
      lastLayer: shared.lastLayer.map(find),
      encode: (images) => shared.encode(images, lookup),
      decode: (features, task) => shared.decode(features, task, lookup),
    },
    state: { variables: Object.fromEntries(parameters.map(({ name, variable }) => [name, variable])) },
    dispose: () => parameters.forEach(({ variable }) => variable.dispose()),
  };
}

function initialise({ name, shape, deviation }: ParameterSpec, seed: number): tf.Variable {
  return tf.tidy(() => {
    const value =
      deviation === 0
        ? tf.zeros([...shape])
        : tf.randomNormal([...shape], 0, deviation, 'float32', hashOfText(name, seed));
    return tf.variable(value);
  });
}
