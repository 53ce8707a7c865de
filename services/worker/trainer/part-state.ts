import type * as tf from '@tensorflow/tfjs-core';

/** Numbers that a part of a trial keeps on the host. */
export interface HostNumbers {
  read(): readonly number[];
  /** Given what `read` once gave, in a part that was made with the same options. */
  write(values: readonly number[]): void;
}

/**
 * What a part of a trial remembers from one step to the next: what a checkpoint must hold for training to go on as if
 * it had never been interrupted. What follows from the configuration, the seed and the step is not among it.
 */
export interface PartState {
  /** On the device, by name; read, and overwritten in place. */
  readonly variables?: Readonly<Record<string, tf.Variable>>;
  /** On the host, by name. */
  readonly numbers?: Readonly<Record<string, HostNumbers>>;
}

/** Of a part that remembers nothing. */
export const noState: PartState = {};

/** The state of several parts as one; each part's names are put behind its own, `part/name`. */
export function joinStates(parts: Readonly<Record<string, PartState>>): PartState {
  const prefixed = <Value>(pick: (part: PartState) => Readonly<Record<string, Value>> | undefined): [string, Value][] =>
    Object.entries(parts).flatMap(([part, state]) =>
      Object.entries(pick(state) ?? {}).map(([name, value]): [string, Value] => [`${part}/${name}`, value]),
    );
  return {
    variables: Object.fromEntries(prefixed((part) => part.variables)),
    numbers: Object.fromEntries(prefixed((part) => part.numbers)),
  };
}
