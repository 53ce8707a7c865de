import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';

const filterName = 'place/filter';

/**
 * Adds to each pixel a learned linear function of where it is (CoordConv, Liu et al. 2018): convolutions see places no
 * other way, and instance vectors and depth depend on them. The same for every image, so it costs next to nothing beside
 * channels added to the images, and is not counted as multiply-adds.
 * @param height of what it is added to, in pixels
 */
export function place(channels: number, height: number, width: number): Layer {
  const positions = coordinates(height, width);
  return {
    parameters: [{ name: filterName, shape: [1, 1, 2, channels], deviation: 1 }],
    state: [],
    apply: (x, scope) => {
      const filter = scope.parameter(filterName) as tf.Tensor4D;
      return tf.add(x, tf.conv2d(tf.tensor4d(positions, [1, height, width, 2]), filter, 1, 'same'));
    },
  };
}

/** Two channels with each pixel's place, −1 … 1 from left to right and from top to bottom. */
export function coordinates(height: number, width: number): Float32Array {
  const values = new Float32Array(height * width * 2);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      values[2 * (y * width + x)] = (2 * (x + 0.5)) / width - 1;
      values[2 * (y * width + x) + 1] = (2 * (y + 0.5)) / height - 1;
    }
  }
  return values;
}
