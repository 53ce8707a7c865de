import * as tf from '@tensorflow/tfjs-core';
import { dropoutMask } from '../operations/dropout-mask.js';
import { hashOfText } from '../trainer/random.js';

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

/** What a pass leaves out at random. */
export interface Dropout {
  /** Share of the features. */
  readonly rate: number;
  /** Tells passes apart: the same key leaves out the same features. */
  readonly key: number;
}

/** One forward pass as a part of the network sees it: values go by their names within the part. */
export interface Scope {
  readonly mode: PassMode;
  parameter(name: string): tf.Tensor;
  state(name: string): tf.Tensor;
  /** Gives state a new value for the passes to come; the value is not asked for in passes that remember nothing. */
  remember(name: string, value: () => tf.Tensor): void;
  /**
   * Leaves out features at random, each element on its own; gives all back in a pass that leaves out none, and in a part
   * that is not trained.
   * @param name of the place, within the part
   */
  drop<Features extends tf.Tensor>(name: string, x: Features): Features;
  /** Counts multiply-adds of one image, for the one who asked for the count. */
  spend(multiplyAdds: number): void;
  /** The same pass for a part of this part. */
  within(part: string): Scope;
}

/**
 * @param spend told of each layer's multiply-adds
 * @param dropout what the pass leaves out; nothing if left out
 */
export function scopeOf(
  values: Values,
  mode: PassMode,
  spend: (multiplyAdds: number) => void = () => undefined,
  dropout?: Dropout,
): Scope {
  return scopeAt('', values, mode, spend, dropout);
}

/** @param path of the part, '' for the whole network */
function scopeAt(
  path: string,
  values: Values,
  pass: PassMode,
  spend: (multiplyAdds: number) => void,
  given: Dropout | undefined,
): Scope {
  const isFrozen = values.isFrozen?.(path) === true;
  const mode = isFrozen ? 'evaluation' : pass;
  const dropout = isFrozen ? undefined : given;
  const full = (name: string): string => (path === '' ? name : `${path}/${name}`);
  return {
    mode,
    parameter: (name) => values.parameter(full(name)),
    state: (name) => values.state(full(name)),
    remember: (name, value) => {
      if (mode === 'training') values.state(full(name)).assign(value());
    },
    drop: (name, x) =>
      dropout === undefined
        ? x
        : tf.mul<typeof x>(x, dropoutMask(x.shape, dropout.rate, hashOfText(full(name), dropout.key))),
    spend,
    within: (part) => scopeAt(full(part), values, mode, spend, dropout),
  };
}
