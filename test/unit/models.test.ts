import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { modelConfig } from '../../services/shared/catalog/models.js';
import { convolution } from '../../services/worker/models/layers/convolution.js';
import { coordinates } from '../../services/worker/models/layers/place.js';
import type { Model, ModelTask } from '../../services/worker/models/model.js';
import { scopeOf, type Values } from '../../services/worker/models/scope.js';
import { architectureOf, buildModel, countParameters } from '../../services/worker/models/registry.js';
import { depthToSpace, spaceToDepth } from '../../services/worker/operations/rearrange.js';

const input = { height: 16, width: 24, channels: 3 };
const semantic: ModelTask = { name: 'semantic', output: 'map', outputChannels: 5 };
const depth: ModelTask = { name: 'depth', output: 'map', outputChannels: 1 };
const config = modelConfig.parse({ name: 'hard-sharing', encoder: [4, 6, 8, 8], head: 4 });

function build(tasks = [semantic, depth], seed = 1, encoder: unknown = config.encoder): Model {
  const sized = modelConfig.parse({ ...config, encoder });
  return buildModel(architectureOf(sized, input, tasks), seed, 1e6);
}

function valuesOf(parameters: Readonly<Record<string, tf.Variable>>): Values {
  const parameter = (name: string): tf.Variable => parameters[name] as tf.Variable;
  return { parameter, state: parameter };
}

function values(model: Model): Record<string, number[]> {
  return Object.fromEntries(model.parameters.map(({ name, variable }) => [name, Array.from(variable.dataSync())]));
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('space and depth', () => {
  const [height, width, channels] = [4, 6, 3];
  const x = tf.tensor4d(
    Float32Array.from({ length: 2 * height * width * channels }, (_, i) => i),
    [2, height, width, channels],
  );

  it('moves each 2×2 block into channels', () => {
    const y = spaceToDepth(x);
    expect(y.shape).toEqual([2, 2, 3, 12]);
    const [blocks, pixels] = [y.arraySync(), x.arraySync()];
    // Block (1, 2) of the second image: pixels (2, 4), (2, 5), (3, 4), (3, 5).
    expect(blocks[1]?.[1]?.[2]).toEqual(
      [
        [2, 4],
        [2, 5],
        [3, 4],
        [3, 5],
      ].flatMap(([row, column]) => pixels[1]?.[row ?? 0]?.[column ?? 0] ?? []),
    );
  });

  it('takes them back', () => {
    expect(Array.from(depthToSpace(spaceToDepth(x)).dataSync())).toEqual(Array.from(x.dataSync()));
    expect(Array.from(depthToSpace(tf.tensor4d([1, 2, 3, 4], [1, 1, 1, 4])).dataSync())).toEqual([1, 2, 3, 4]);
  });

  it('agrees with the depthToSpace of TensorFlow.js', () => {
    const y = tf.randomNormal<tf.Rank.R4>([2, 3, 5, 8], 0, 1, 'float32', 1);
    expect(Array.from(depthToSpace(y).dataSync())).toEqual(Array.from(tf.depthToSpace(y, 2).dataSync()));
  });
});

describe('layers', () => {
  it('gives each pixel its place', () => {
    const place = coordinates(2, 4);
    expect(Array.from(place.subarray(0, 4))).toEqual([-0.75, -0.5, -0.25, -0.5]);
    expect(Array.from(place.subarray(14))).toEqual([0.75, 0.5]);
  });

  it('convolves with zero padding and adds the bias', () => {
    const parameters = {
      'layer/filter': tf.variable(tf.ones([3, 3, 1, 1])),
      'layer/bias': tf.variable(tf.tensor1d([10])),
    };
    const layer = convolution({ name: 'layer', size: 3, from: 1, to: 1 });
    const y = layer.apply(tf.ones([1, 3, 3, 1]), scopeOf(valuesOf(parameters), 'evaluation'));
    expect(Array.from(y.dataSync())).toEqual([14, 16, 14, 16, 19, 16, 14, 16, 14]);
  });
});

describe('hard sharing', () => {
  it.each([[[4, 6]], [[4, 6, 8]], [[4, 6, 8, 8]], [[4, 6, 8, 10, 10, 12]]])(
    'gives every task an output of the image’s size with the encoder %j',
    (encoder) => {
      const model = build([semantic, depth], 1, encoder);
      const outputs = tf.tidy(() => model.forward(tf.zeros([3, input.height, input.width, 3]), 'evaluation'));
      expect(outputs.map(({ shape }) => shape)).toEqual([
        [3, input.height, input.width, 5],
        [3, input.height, input.width, 1],
      ]);
      model.dispose();
    },
  );

  it('gives a task that asks for it one vector for the image, whose gradient reaches the encoder', () => {
    const model = build([semantic, { name: 'kind', output: 'vector', outputChannels: 7 }]);
    const images = tf.randomUniform<tf.Rank.R4>([3, input.height, input.width, 3], 0, 1, 'float32', 1);
    const [map, vector] = model.forward(images, 'evaluation');
    expect([map?.shape, vector?.shape]).toEqual([
      [3, input.height, input.width, 5],
      [3, 7],
    ]);
    const { grads } = tf.variableGrads(() => tf.sum(tf.square(model.forward(images, 'training')[1] as tf.Tensor)));
    const first = model.parameters.find(({ name }) => name === 'encoder/1/filter')?.variable.name ?? '';
    expect(tf.norm(grads[first] as tf.Tensor).dataSync()[0]).toBeGreaterThan(0);
    // 8 channels of the deepest block to 7 outputs.
    expect(model.parameters.filter(({ group }) => group === 'kind').map(({ shape }) => shape)).toEqual([[8, 7], [7]]);
    model.dispose();
  });

  it.each([
    { height: 17, width: 30, channels: 1 },
    { height: 9, width: 8, channels: 4 },
  ])('takes images of any size and number of channels, such as %j', (size) => {
    const model = buildModel(architectureOf(config, size, [depth]), 1, 1e6);
    const outputs = model.forward(tf.zeros([2, size.height, size.width, size.channels]), 'evaluation');
    expect(outputs[0]?.shape).toEqual([2, size.height, size.width, 1]);
    model.dispose();
  });

  it('counts its parameters on paper as they then are', () => {
    const architecture = architectureOf(config, input, [semantic, depth]);
    const model = buildModel(architecture, 1, 1e6);
    const sizes = model.parameters.map(({ variable }) => variable.size);
    expect(countParameters(architecture)).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect(model.parameterCount).toBe(countParameters(architecture));
    // By hand, encoder: place 2·4, (9·12·4 + 4) + (9·4·6 + 6) + (9·6·8 + 8) + (9·8·8 + 8); a head: up3 9·8·16 + 16,
    // up2 9·4·16 + 16, up1 9·4·4c + 4c, skips 4·4 + 4 and 6·4 + 4.
    const head = (c: number): number => 1168 + 592 + 37 * 4 * c + 20 + 28;
    expect(model.parameterCount).toBe(8 + 436 + 222 + 440 + 584 + head(5) + head(1));
    model.dispose();
  });

  it('refuses more parameters than the limit before it makes any', () => {
    const before = tf.memory().numTensors;
    expect(() => buildModel(architectureOf(config, input, [depth]), 1, 1000)).toThrow(
      expect.objectContaining({ code: 'MODEL_TOO_LARGE' }),
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('names a group for each parameter and frees them all', () => {
    const before = tf.memory().numTensors;
    const model = build();
    expect(new Set(model.parameters.map(({ group }) => group))).toEqual(new Set(['encoder', 'semantic', 'depth']));
    expect(new Set(model.parameters.map(({ name }) => name)).size).toBe(model.parameters.length);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('starts the same for the same seed, and its shared parts alike for other tasks', () => {
    const [both, again, alone, other] = [build(), build(), build([depth]), build([semantic, depth], 2)];
    expect(values(again)).toEqual(values(both));
    expect(values(both)).toMatchObject(values(alone));
    expect(values(other)['encoder/1/filter']).not.toEqual(values(both)['encoder/1/filter']);
  });

  it('draws filters with He’s deviation', () => {
    const model = build([semantic], 1, [64, 64]);
    const filter = model.parameters.find(({ name }) => name === 'encoder/2/filter')?.variable as tf.Variable;
    const { mean, variance } = tf.moments(filter);
    expect(mean.dataSync()[0]).toBeCloseTo(0, 2);
    expect((variance.dataSync()[0] ?? 0) * 9 * 64).toBeCloseTo(2, 1);
  });

  it('has the gradient of finite differences in every parameter', () => {
    const model = build([semantic, depth], 3, [4, 6, 8, 8]);
    const images = tf.randomUniform<tf.Rank.R4>([2, input.height, input.width, 3], 0, 1, 'float32', 5);
    const weights = [5, 1].map((channels, index) =>
      tf.randomNormal([2, input.height, input.width, channels], 0, 1, 'float32', index + 7),
    );
    const objective = (): tf.Scalar =>
      tf.addN(
        model.forward(images, 'training').map((output, index) => tf.sum(tf.mul(output, weights[index] as tf.Tensor))),
      );
    const { grads } = tf.variableGrads(objective);
    for (const { name, variable } of model.parameters) {
      const gradient = grads[variable.name] as tf.Tensor;
      // Along the gradient itself the derivative is its squared length.
      const direction = tf.div(gradient, tf.norm(gradient));
      const start = tf.clone(variable);
      const h = 2e-3;
      const at = (t: number): number => {
        variable.assign(tf.add<tf.Tensor>(start, tf.mul(direction, t)));
        return objective().dataSync()[0] ?? Number.NaN;
      };
      const slope = (at(h) - at(-h)) / (2 * h);
      variable.assign(start);
      const length = tf.norm(gradient).dataSync()[0] ?? Number.NaN;
      expect(Math.abs(slope - length) / length, name).toBeLessThan(0.03);
    }
  });
});
