import type * as tf from '@tensorflow/tfjs-core';

/**
 * What a forward pass is for. In `training` layers use and remember the batch's own statistics; in `rehearsal` they use
 * them and remember nothing, for a second look at a batch; in `evaluation` they use what they remember.
 */
export type PassMode = 'training' | 'rehearsal' | 'evaluation';

/** The values of a network by their full names. */
export interface Values {
  parameter(name: string): tf.Variable;
  state(name: string): tf.Variable;
}

/** One forward pass as a part of the network sees it: values go by their names within the part. */
export interface Scope {
  readonly mode: PassMode;
  parameter(name: string): tf.Tensor;
  state(name: string): tf.Tensor;
  /** Gives state a new value for the passes to come. */
  remember(name: string, value: tf.Tensor): void;
  /** The same pass for a part of this part. */
  within(part: string): Scope;
}

/** @param path of the part, '' for the whole network */
export function scopeOf(values: Values, mode: PassMode, path = ''): Scope {
  const full = (name: string): string => (path === '' ? name : `${path}/${name}`);
  return {
    mode,
    parameter: (name) => values.parameter(full(name)),
    state: (name) => values.state(full(name)),
    remember: (name, value) => {
      if (mode === 'training') values.state(full(name)).assign(value);
    },
    within: (part) => scopeOf(values, mode, full(part)),
  };
}
