import type { EncoderConfig, EncoderName } from '../../../shared/catalog/encoders.js';
import type { ModelInput } from '../model.js';
import { denseEncoder } from './dense.js';
import { depthwiseEncoder } from './depthwise.js';
import type { Encoder } from './encoder.js';
import { plainEncoder } from './plain.js';
import { resnetEncoder } from './resnet.js';

type Factory<Name extends EncoderName> = (
  options: Omit<Extract<EncoderConfig, { name: Name }>, 'name'>,
  input: ModelInput,
) => Encoder;

/** Every encoder. A new one is an entry in the catalog, one file here and one line here. */
const encoderFactories: { readonly [Name in EncoderName]: Factory<Name> } = {
  plain: plainEncoder,
  resnet: resnetEncoder,
  depthwise: depthwiseEncoder,
  dense: denseEncoder,
};

/** The encoder that a model's configuration asks for, on paper. */
export function encoderOf(config: EncoderConfig, input: ModelInput): Encoder {
  const factory = encoderFactories[config.name] as (options: EncoderConfig, input: ModelInput) => Encoder;
  return factory(config, input);
}
