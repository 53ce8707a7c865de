import * as tf from '@tensorflow/tfjs-core';
import { optimizerConfig } from '../services/shared/catalog/optimizers.js';
import { upsampleNearest } from './upsample.js';
import { relu } from '../services/worker/operations/relu.js';
import type { StepNumber } from '../services/worker/optimizers/optimizer.js';
import { createOptimizer } from '../services/worker/optimizers/registry.js';
import { RecordedFunction } from '../services/worker/trainer/recorded-function.js';
import '../services/worker/trainer/register-gradients.js';

/**
 * A network of five 3×3 convolutions, the first three with stride 2, and for each head a 3×3 convolution, ×4 nearest
 * upsampling and a 3×3 convolution; trained by Adam on a mean squared error. `bench/python` has the same.
 */
export interface NetworkSize {
  readonly name: string;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly encoder: readonly number[];
  readonly head: number;
  readonly outputs: readonly number[];
}

export const networkSizes: readonly NetworkSize[] = [
  { name: 'small', batch: 4, height: 32, width: 64, encoder: [8, 16, 32, 32, 32], head: 16, outputs: [8, 2, 1] },
  { name: 'middle', batch: 8, height: 64, width: 128, encoder: [32, 64, 96, 96, 96], head: 48, outputs: [8, 2, 1] },
  { name: 'large', batch: 8, height: 128, width: 256, encoder: [32, 64, 128, 128, 128], head: 64, outputs: [8, 2, 1] },
];

interface Layer {
  readonly from: number;
  readonly to: number;
  readonly stride: number;
  /** Pixels of the output, over the whole batch. */
  readonly pixels: number;
}

function encoderLayers({ batch, height, width, encoder }: NetworkSize): Layer[] {
  return encoder.map((to, index) => {
    const shrink = 4 ** Math.min(index + 1, 3);
    const pixels = (batch * height * width) / shrink;
    return { from: encoder[index - 1] ?? 3, to, stride: index < 3 ? 2 : 1, pixels };
  });
}

function headLayers(size: NetworkSize): Layer[] {
  const pixels = (size.batch * size.height * size.width) / 64;
  const from = size.encoder.at(-1) as number;
  return size.outputs.flatMap((to) => [
    { from, to: size.head, stride: 1, pixels },
    { from: size.head, to, stride: 1, pixels: 16 * pixels },
  ]);
}

/** Floating-point operations of a step's convolutions: forwards, and twice that back, but for the images' gradient. */
export function stepFlops(size: NetworkSize): number {
  const layers = [...encoderLayers(size), ...headLayers(size)];
  const forward = ({ from, to, pixels }: Layer): number => 2 * 9 * from * to * pixels;
  return 3 * layers.reduce((sum, layer) => sum + forward(layer), 0) - forward(layers[0] as Layer);
}

/**
 * One training step of a network of that size, on the current backend, read to its end; run as a trainer runs it, from a
 * recording where the backend can.
 * @param isRecorded false for operation by operation in any case
 */
export function createStep(size: NetworkSize, isRecorded = true): () => void {
  const layers = encoderLayers(size);
  const filters = [...layers, ...headLayers(size)].map(({ from, to }, index) =>
    tf.variable<tf.Rank.R4>(
      tf.randomNormal<tf.Rank.R4>([3, 3, from, to], 0, Math.sqrt(2 / (9 * from)), 'float32', index),
    ),
  );
  const images = tf.randomNormal<tf.Rank.R4>([size.batch, size.height, size.width, 3], 0, 1, 'float32', 30);
  const targets = size.outputs.map((channels, index) =>
    tf.randomNormal<tf.Rank.R4>([size.batch, size.height / 2, size.width / 2, channels], 0, 1, 'float32', 40 + index),
  );
  const at = (index: number): tf.Tensor4D => filters[index] as tf.Tensor4D;
  const loss = (): tf.Scalar => {
    const features = layers.reduce<tf.Tensor4D>(
      (x, { stride }, index) => relu(tf.conv2d(x, at(index), stride, 'same')),
      images,
    );
    return tf.addN(
      targets.map((target, index) => {
        const first = layers.length + 2 * index;
        const hidden = relu(tf.conv2d(features, at(first), 1, 'same'));
        const output = tf.conv2d(upsampleNearest(hidden, 4), at(first + 1), 1, 'same');
        return tf.mean<tf.Scalar>(tf.squaredDifference(output, target));
      }),
    );
  };
  const optimizer = createOptimizer(
    optimizerConfig.parse({ name: 'adam', learningRate: 0.001 }),
    filters.map((variable, index) => ({ name: `filter ${index}`, variable, learningRateMultiplier: 1, of: 'network' })),
  );
  const recorded = new RecordedFunction('steps', () => undefined);
  const calls = isRecorded ? Infinity : 1;
  const step = (numbers: readonly StepNumber[]): tf.Tensor => {
    const { value, grads } = tf.variableGrads(loss, filters);
    optimizer.move(
      filters.map(({ name }) => grads[name] ?? null),
      numbers,
    );
    return value;
  };
  return () => {
    tf.tidy(() => {
      const numbers = optimizer.numbers(0.001);
      if (!recorded.isWorthwhile(calls)) return step(numbers).dataSync();
      const given = tf.tensor1d([...numbers]);
      const inputs = [images, ...targets, given];
      const [value] = recorded.run(inputs, calls, () => [step(tf.unstack(given) as tf.Scalar[])]);
      return value?.dataSync();
    });
  };
}
