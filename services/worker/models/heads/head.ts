import type * as tf from '@tensorflow/tfjs-core';
import type { Encoder } from '../encoders/encoder.js';
import type { Part } from '../layers/layer.js';
import type { HeadOutput } from '../../workloads/workload.js';
import type { ModelInput } from '../model.js';
import type { Scope } from '../scope.js';

/** The part of a network that makes a task's output of an encoder's features. */
export interface Head extends Part {
  /**
   * The output's channels, then those of the noise, which a last layer of their own makes of what the output is made of:
   * the output starts the same with them and without.
   * @param features of the encoder's taps, the deepest last
   */
  apply(features: readonly tf.Tensor4D[], scope: Scope): HeadOutput;
}

/** Name of the last layer of the noise; all its first values are 0, so that every noise is the same at first. */
export const noiseName = 'noise';

export interface HeadSurroundings {
  readonly encoder: Encoder;
  readonly input: ModelInput;
  /** Channels between the encoder and the output. */
  readonly width: number;
}
