import type * as tf from '@tensorflow/tfjs-core';
import type { Encoder } from '../encoders/encoder.js';
import type { Part } from '../layers/layer.js';
import type { HeadOutput } from '../../workloads/workload.js';
import type { ModelInput } from '../model.js';
import type { Scope } from '../scope.js';

/** The part of a network that makes a task's output of an encoder's features. */
export interface Head extends Part {
  /** @param features of the encoder's taps, the deepest last */
  apply(features: readonly tf.Tensor4D[], scope: Scope): HeadOutput;
}

export interface HeadSurroundings {
  readonly encoder: Encoder;
  readonly input: ModelInput;
  /** Channels between the encoder and the output. */
  readonly width: number;
}
