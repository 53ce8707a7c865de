import type * as tf from '@tensorflow/tfjs-core';
import type { GroupedParameter, ParameterSpec, StateSpec } from '../model.js';
import type { Scope } from '../scope.js';

/** What a part of a network is made of; names are within the part. */
export interface Part {
  readonly parameters: readonly ParameterSpec[];
  readonly state: readonly StateSpec[];
}

/** A part with one input and one output, which finds its values in the scope of whatever it is part of. */
export interface Layer<Values extends tf.Tensor = tf.Tensor4D> extends Part {
  apply(x: Values, scope: Scope): Values;
}

/** The values of several parts side by side. */
export function together(parts: readonly Part[]): Part {
  return { parameters: parts.flatMap((part) => part.parameters), state: parts.flatMap((part) => part.state) };
}

/**
 * A part in its place: its values by their full names.
 * @param drawnAs the path that its first values are drawn under: parts of one such path start alike
 */
export function placed(
  { parameters, state }: Part,
  path: string,
  group: string,
  drawnAs = path,
): { readonly parameters: GroupedParameter[]; readonly state: StateSpec[] } {
  const full = <Spec extends { readonly name: string }>(one: Spec): Spec => ({
    ...one,
    name: `${path}/${one.name}`,
    ...(drawnAs === path ? {} : { drawnAs: `${drawnAs}/${one.name}` }),
  });
  return { parameters: parameters.map((one) => ({ ...full(one), group })), state: state.map(full) };
}

/** A layer in its place within another part. */
export function named(name: string, layer: Layer): Layer {
  const full = <Spec extends { readonly name: string }>(specs: readonly Spec[]): Spec[] =>
    specs.map((spec) => ({ ...spec, name: `${name}/${spec.name}` }));
  return {
    parameters: full(layer.parameters),
    state: full(layer.state),
    apply: (x, scope) => layer.apply(x, scope.within(name)),
  };
}

/** Layers one after the other. */
export function inSequence(layers: readonly Layer[]): Layer {
  return { ...together(layers), apply: (x, scope) => layers.reduce((y, layer) => layer.apply(y, scope), x) };
}

/** Leaves out features at random, where the pass does. */
export function dropout(name: string): Layer {
  return { parameters: [], state: [], apply: (x, scope) => scope.drop(name, x) };
}

/** A layer without values, such as an activation. */
export function plainly(apply: (x: tf.Tensor4D) => tf.Tensor4D): Layer {
  return { parameters: [], state: [], apply };
}
