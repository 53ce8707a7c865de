import * as tf from '@tensorflow/tfjs-core';
import type { Part } from '../layers/layer.js';
import type { ParameterSpec, StateSpec } from '../model.js';
import type { Scope } from '../scope.js';
import { correlations, flipFlop, identity, type Precisions } from './tensor-normal.js';

/** A layer that several tasks have each for itself, of the same shape. */
export interface RelatedLayer {
  /** Its name within a head. */
  readonly name: string;
  /** [from, to], or [height, width, from, to] of a convolution. */
  readonly shape: readonly number[];
  readonly tasks: readonly string[];
}

/** The layers of some heads that two tasks or more have in common. */
export function relatedLayers(
  heads: readonly { readonly task: string; readonly parameters: readonly ParameterSpec[] }[],
): RelatedLayer[] {
  const layers = new Map<string, RelatedLayer & { readonly tasks: string[] }>();
  for (const { task, parameters } of heads) {
    for (const { name, shape } of parameters) {
      if (shape.length < 2) continue;
      const key = `${name} ${shape.join('×')}`;
      const layer = layers.get(key) ?? { name, shape, tasks: [] };
      layer.tasks.push(task);
      layers.set(key, layer);
    }
  }
  return [...layers.values()].filter(({ tasks }) => tasks.length > 1);
}

/** A tensor-normal prior over the weights of a related layer. Its precisions are state, by the layer's name. */
export interface LayerPrior extends Part {
  /** vec(W)ᵀ (Σ_features ⊗ Σ_outputs ⊗ Σ_tasks)⁻¹ vec(W), over the places of a filter added up. */
  squaredNorm(weights: readonly tf.Tensor[], scope: Scope): tf.Scalar;
  /**
   * Takes the covariances anew from the weights.
   * @returns the correlations of the tasks, tasks × tasks
   */
  update(weights: readonly tf.Tensor[], scope: Scope, epsilon: number): Promise<Float64Array>;
}

const axes = ['features', 'outputs', 'tasks'] as const;

/**
 * The prior of Long, Cao, Wang & Yu 2017 (section 3) on the layer's weights as a tensor of input features, outputs and
 * tasks. The places of a convolution's filter are taken for independent draws of it, the paper having dense layers only.
 */
export function layerPrior({ shape, tasks }: RelatedLayer, name: string): LayerPrior {
  const [from, to] = shape.slice(-2) as [number, number];
  const places = shape.slice(0, -2).reduce((all, size) => all * size, 1);
  const sizes = [from, to, tasks.length] as const;
  const state = axes.map((axis, place): StateSpec => {
    const size = sizes[place] as number;
    return { name: `${name}/${axis}`, shape: [size, size], value: 0, values: Array.from(identity(size)) };
  });
  const precision = (scope: Scope, axis: (typeof axes)[number]): tf.Tensor2D =>
    scope.state(`${name}/${axis}`) as tf.Tensor2D;
  return {
    parameters: [],
    state,
    squaredNorm: (weights, scope) => {
      // [tasks, places, from, to]
      const all = tf.stack(weights.map((one) => tf.reshape(one, [places, from, to])));
      const byOutput = tf.matMul(tf.reshape<tf.Rank.R2>(all, [-1, to]), precision(scope, 'outputs'));
      const byTask = tf.matMul(precision(scope, 'tasks'), tf.reshape<tf.Rank.R2>(byOutput, [tasks.length, -1]));
      const turn = (tensor: tf.Tensor): tf.Tensor2D =>
        tf.reshape(tf.transpose(tf.reshape(tensor, [-1, from, to]), [0, 2, 1]), [-1, from]);
      const byFeature = tf.matMul(turn(byTask), precision(scope, 'features'));
      return tf.sum<tf.Scalar>(tf.mul(byFeature, turn(all)));
    },
    update: async (weights, scope, epsilon) => {
      const turned = tf.tidy(() => {
        // Draws one after the other, each [from, to, tasks].
        return tf.stack(
          weights.map((one) => tf.reshape(one, [places, from, to])),
          3,
        );
      });
      const values = await turned.data();
      turned.dispose();
      const present = (await Promise.all(
        axes.map(async (axis) => Float64Array.from(await precision(scope, axis).data())),
      )) as unknown as Precisions;
      const next = flipFlop({ values, count: places, shape: [...sizes] }, present, epsilon);
      axes.forEach((axis, place) => {
        const size = sizes[place] as number;
        tf.tidy(() =>
          scope.remember(`${name}/${axis}`, () =>
            tf.tensor2d(Float32Array.from(next.precisions[place] ?? []), [size, size]),
          ),
        );
      });
      return correlations(next.covariances[2], tasks.length);
    },
  };
}
