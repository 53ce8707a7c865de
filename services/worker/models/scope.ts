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
  /** Whether nothing in the part at a path is trained: such a part is passed as in evaluation, so that it stays as it is. */
  isFrozen?(path: string): boolean;
}

/** One forward pass as a part of the network sees it: values go by their names within the part. */
export interface Scope {
  readonly mode: PassMode;
  parameter(name: string): tf.Tensor;
  state(name: string): tf.Tensor;
  /** Gives state a new value for the passes to come; the value is not asked for in passes that remember nothing. */
  remember(name: string, value: () => tf.Tensor): void;
  /** Counts multiply-adds of one image, for the one who asked for the count. */
  spend(multiplyAdds: number): void;
  /** The same pass for a part of this part. */
  within(part: string): Scope;
}

/** @param spend told of each layer's multiply-adds */
export function scopeOf(
  values: Values,
  mode: PassMode,
  spend: (multiplyAdds: number) => void = () => undefined,
): Scope {
  return scopeAt('', values, mode, spend);
}

/** @param path of the part, '' for the whole network */
function scopeAt(path: string, values: Values, pass: PassMode, spend: (multiplyAdds: number) => void): Scope {
  const mode = values.isFrozen?.(path) === true ? 'evaluation' : pass;
  const full = (name: string): string => (path === '' ? name : `${path}/${name}`);
  return {
    mode,
    parameter: (name) => values.parameter(full(name)),
    state: (name) => values.state(full(name)),
    remember: (name, value) => {
      if (mode === 'training') values.state(full(name)).assign(value());
    },
    spend,
    within: (part) => scopeAt(full(part), values, mode, spend),
  };
}
