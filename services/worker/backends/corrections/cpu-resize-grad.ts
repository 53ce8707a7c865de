import * as tf from '@tensorflow/tfjs-core';

interface Attributes {
  readonly alignCorners: boolean;
  readonly halfPixelCenters?: boolean;
}

/** Source pixels of a target pixel along one axis, with their weights. */
type Sources = (target: number, from: number, to: number) => readonly (readonly [pixel: number, weight: number])[];

const nearest: Sources = (target, from, to) => [[Math.floor((target * from) / to), 1]];
const linear: Sources = (target, from, to) => {
  const place = (target * from) / to;
  const below = Math.floor(place);
  return [
    [below, 1 - (place - below)],
    [Math.min(below + 1, from - 1), place - below],
  ];
};

/**
 * Gradients of resizing on the cpu backend: each target pixel's gradient goes to the source pixels that it was made of.
 * TensorFlow.js's own kernels there give wrong numbers. Other corner conventions than the default stay with them.
 */
export function correctResizeGradients(): void {
  correct('ResizeNearestNeighborGrad', nearest);
  correct('ResizeBilinearGrad', linear);
}

const corrected = new WeakSet<tf.KernelConfig>();

function correct(kernelName: string, sources: Sources): void {
  const original = tf.getKernel(kernelName, 'cpu');
  if (corrected.has(original)) return;
  const kernel: tf.KernelConfig = {
    ...original,
    kernelFunc: (call) => {
      const { alignCorners, halfPixelCenters = false } = call.attrs as unknown as Attributes;
      if (alignCorners || halfPixelCenters) return original.kernelFunc(call);
      const { dy, images } = call.inputs as { dy: tf.TensorInfo; images: tf.TensorInfo };
      const values = (call.backend as unknown as { readSync(id: object): Float32Array }).readSync(dy.dataId);
      return tf.tensor(spread(values, dy.shape, images.shape, sources), images.shape, 'float32');
    },
  };
  corrected.add(kernel);
  tf.unregisterKernel(kernelName, 'cpu');
  tf.registerKernel(kernel);
}

function spread(dy: Float32Array, to: readonly number[], from: readonly number[], sources: Sources): Float32Array {
  const [batch, height, width, channels] = from as [number, number, number, number];
  const [, toHeight, toWidth] = to as [number, number, number, number];
  const sums = new Float64Array(batch * height * width * channels);
  const columns = Array.from({ length: toWidth }, (_, q) => sources(q, width, toWidth));
  for (let n = 0; n < batch; n += 1) {
    for (let p = 0; p < toHeight; p += 1) {
      for (const [row, rowWeight] of sources(p, height, toHeight)) {
        columns.forEach((places, q) => {
          for (const [column, weight] of places) {
            const source = ((n * height + row) * width + column) * channels;
            const target = ((n * toHeight + p) * toWidth + q) * channels;
            for (let c = 0; c < channels; c += 1) {
              sums[source + c] = (sums[source + c] as number) + rowWeight * weight * (dy[target + c] as number);
            }
          }
        });
      }
    }
  }
  return Float32Array.from(sums);
}
