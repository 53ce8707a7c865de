import * as tf from '@tensorflow/tfjs-core';

/** Null where the result does not depend on a tensor. */
export type Gradient = tf.Tensor | null;

/**
 * Runs a function on the tape, so that inside it what is computed once can be differentiated by `gradientsOf` as often
 * as wanted. TensorFlow.js keeps one tape as long as a gradient is being taken, and a gradient that is taken meanwhile
 * walks back over all that is on it; its own functions would run the forward pass again for each. Tensors that are to
 * outlive it must be kept.
 */
export function onTape<Result>(run: () => Result): Result {
  let result: { readonly value: Result } | undefined;
  tf.tidy(() => {
    tf.engine().gradients(
      () => {
        result = { value: run() };
        // Of nothing on the tape: closing it costs nothing.
        return tf.scalar(0);
      },
      [tf.scalar(0)],
      undefined,
      true,
    );
  });
  return (result as unknown as { readonly value: Result }).value;
}

/** The gradients of a scalar on the tape. To be called in `onTape`; and in `offTape`, where second ones are not wanted. */
export function gradientsOf(y: tf.Scalar, xs: readonly tf.Tensor[]): Gradient[] {
  const { grads } = tf.engine().gradients(() => y, [...xs], undefined, true);
  // The engine leaves undefined what has no gradient, which its types do not say.
  return (grads as (tf.Tensor | undefined)[]).map((gradient) => gradient ?? null);
}

/**
 * Runs a function inside `onTape` without recording it: taking a gradient would otherwise be put on the tape itself,
 * with all its tensors, for a second derivative. Tensors that are to outlive it must be kept.
 */
export function offTape<Result>(run: () => Result): Result {
  let result: { readonly value: Result } | undefined;
  // TensorFlow.js does not record inside an operation that has a gradient of its own.
  const silent = tf.customGrad((input) => {
    result = { value: run() };
    return { value: tf.clone(input as tf.Tensor), gradFunc: (dy: tf.Tensor) => dy };
  });
  silent(tf.scalar(0));
  return (result as unknown as { readonly value: Result }).value;
}

/**
 * A scalar on the tape that depends on some tensors with whatever gradients are wanted when it is differentiated: the
 * way to go back from several tensors at once.
 * @param gradients asked at that time; one for each tensor, of its shape
 */
export function gate(tensors: readonly tf.Tensor[], gradients: () => readonly tf.Tensor[]): tf.Scalar {
  const joined = tf.customGrad(() => ({
    value: tf.scalar(0),
    // Clones, because the engine disposes of a gradient once it has added another to it.
    gradFunc: () => gradients().map((gradient) => tf.clone(gradient)),
  }));
  return joined(...tensors);
}
