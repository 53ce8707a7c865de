import * as tf from '@tensorflow/tfjs-core';

/**
 * Kernels that a backend may have on top of TensorFlow.js's own: each does in one pass what several of those do. They are
 * named apart, so that none of TensorFlow.js's own is ever replaced by one.
 */
export const fusedKernels = {
  /** {x [b, h, w, c], filter [i, j, c, o], bias [o]}, {strides, pad, dataFormat} → convolution + bias, [b, p, q, o] */
  convolution: 'sigmasweep/Convolution',
  /** {x [b, h, w, c], bias [c]} → x + bias */
  addBias: 'sigmasweep/AddBias',
  /** {dy [b, h, w, c]} → its sum over all but the last axis, [c] */
  biasGradient: 'sigmasweep/BiasGradient',
  /** {dy, y}, y = relu(x) → dy where y > 0, elsewhere 0 */
  reluGradient: 'sigmasweep/ReluGradient',
  /** {x [b, h, w, c]} → [b, h/2, w/2, 4c] */
  spaceToDepth: 'sigmasweep/SpaceToDepth',
  /** {x [b, h, w, 4c]} → [b, 2h, 2w, c] */
  depthToSpace: 'sigmasweep/DepthToSpace',
  /** {logits [n, c], labels [n, c]} → [losses [n], gradient of each loss with respect to its logits [n, c]] */
  crossEntropy: 'sigmasweep/CrossEntropy',
  /** {vector [n]}, {sizes} → its consecutive parts */
  split: 'sigmasweep/Split',
  /**
   * {gradient g, firstMoment m, secondMoment v, all [n]}, {firstShare, secondShare, epsilon, rate} →
   * [m' = m + firstShare · (g − m), v' = v + secondShare · (g² − v), rate · m' / (√v' + epsilon)]
   */
  adam: 'sigmasweep/Adam',
} as const;

export type FusedKernel = (typeof fusedKernels)[keyof typeof fusedKernels];

/**
 * Runs a fused kernel where the current backend has it, and what it is made of elsewhere.
 * @param compose the same result by TensorFlow.js's own operations
 */
export function fused<Result extends tf.Tensor | tf.Tensor[]>(
  kernel: FusedKernel,
  inputs: Readonly<Record<string, tf.Tensor>>,
  compose: () => Result,
  attributes: tf.NamedAttrMap = {},
): Result {
  return hasKernel(kernel) ? tf.engine().runKernel<Result>(kernel, inputs, attributes) : compose();
}

/** Whether the current backend has it. */
export function hasKernel(kernel: FusedKernel): boolean {
  return (tf.getKernel(kernel, tf.getBackend()) as unknown) !== undefined;
}
