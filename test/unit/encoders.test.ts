import '@tensorflow/tfjs-backend-cpu';
import '../../services/worker/trainer/register-gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { modelConfig } from '../../services/shared/catalog/models.js';
import type { Model, ModelTask } from '../../services/worker/models/model.js';
import { architectureOf, buildModel } from '../../services/worker/models/registry.js';

const input = { height: 16, width: 24, channels: 3 };
const depth: ModelTask = { name: 'depth', output: 'map', outputChannels: 1 };
const kind: ModelTask = { name: 'kind', output: 'vector', outputChannels: 5 };
const normalisedEncoders = [
  { name: 'resnet', channels: [4, 6, 8, 8], units: 2 },
  { name: 'depthwise', channels: [4, 6, 8, 8], units: 2 },
];

function build(encoder: object, tasks = [depth], size = input): Model {
  const config = modelConfig.parse({ name: 'hard-sharing', encoder, head: 4 });
  return buildModel(architectureOf(config, size, tasks), 1, 1e6);
}

const images = (seed = 1, size = 4): tf.Tensor4D =>
  tf.randomUniform([size, input.height, input.width, 3], 0, 1, 'float32', seed);
const values = (tensor: tf.Tensor | undefined): number[] => Array.from(tensor?.dataSync() ?? []);
const stateOf = (model: Model, name: string): tf.Variable => model.state.variables?.[name] as tf.Variable;
const sizeOf = (model: Model, group: string): number =>
  model.parameters.reduce((sum, one) => sum + (one.group === group ? one.variable.size : 0), 0);

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('parameters and multiply-adds in closed form', () => {
  // Of the stem (12 channels in, 4 out) with its place filter, and of a normalisation.
  const stem = 9 * 12 * 4 + 2 * 4;
  const norm = (channels: number): number => 2 * channels;
  const half = (input.height / 2) * (input.width / 2);

  it('of the plain encoder with a head of one vector', () => {
    const model = build({ name: 'plain', channels: [4, 6, 8] }, [kind]);
    const weights = [9 * 12 * 4, 9 * 4 * 6, 9 * 6 * 8];
    expect(model.parameterCount).toBe(weights.reduce((a, b) => a + b) + 2 * 4 + (4 + 6 + 8) + (8 * 5 + 5));
    const [first = 0, second = 0, third = 0] = weights;
    expect(model.multiplyAdds(input)).toBe(first * half + (second * half) / 4 + (third * half) / 16 + 8 * 5);
    model.dispose();
  });

  it('of residual blocks', () => {
    const model = build({ name: 'resnet', channels: [4, 6], units: 1 }, [kind]);
    const first = 2 * 9 * 4 * 4;
    const second = 9 * 4 * 6 + 9 * 6 * 6 + 4 * 6;
    expect(sizeOf(model, 'encoder')).toBe(stem + norm(4) + first + 2 * norm(4) + second + 3 * norm(6));
    expect(model.multiplyAdds(input)).toBe((9 * 12 * 4 + first) * half + (second * half) / 4 + 6 * 5);
    model.dispose();
  });

  it('of depthwise-separable blocks', () => {
    const model = build({ name: 'depthwise', channels: [4, 6], units: 1 }, [kind]);
    const first = 9 * 4 + 4 * 4;
    const second = 9 * 4 + 4 * 6;
    expect(sizeOf(model, 'encoder')).toBe(stem + norm(4) + first + 2 * norm(4) + second + norm(4) + norm(6));
    expect(model.multiplyAdds(input)).toBe((9 * 12 * 4 + first) * half + (second * half) / 4 + 6 * 5);
    model.dispose();
  });

  it('does not depend on what was trained or on the batch, and leaves no tensor', () => {
    const model = build(normalisedEncoders[0] as object);
    const before = tf.memory().numTensors;
    expect(model.multiplyAdds(input)).toBe(model.multiplyAdds(input));
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});

describe.each(normalisedEncoders)('batch normalisation in the encoder $name', (encoder) => {
  const statistic = `encoder/1/1/stem/variance`;

  it('moves its running statistics in training only', () => {
    const model = build(encoder);
    const at = (mode: 'training' | 'rehearsal' | 'evaluation'): number[] => {
      tf.tidy(() => model.forward(images(), mode));
      return values(stateOf(model, statistic));
    };
    const start = values(stateOf(model, statistic));
    expect(start).toEqual([1, 1, 1, 1]);
    expect(at('evaluation')).toEqual(start);
    expect(at('rehearsal')).toEqual(start);
    expect(at('training')).not.toEqual(start);
    model.dispose();
  });

  it('evaluates an image alone as it does among others', () => {
    const model = build(encoder);
    for (let seed = 1; seed <= 3; seed += 1) tf.tidy(() => model.forward(images(seed), 'training'));
    const batch = images(9);
    const together = values(model.forward(batch, 'evaluation')[0]).slice(0, input.height * input.width);
    const alone = values(model.forward(tf.slice(batch, [0, 0, 0, 0], [1, -1, -1, -1]), 'evaluation')[0]);
    alone.forEach((value, index) => expect(value).toBeCloseTo(together[index] ?? Number.NaN, 5));
    model.dispose();
  });

  it('comes to evaluate a batch that it sees again and again as it trains on it', () => {
    const model = build(encoder);
    const batch = images(4, 6);
    for (let step = 0; step < 200; step += 1) tf.tidy(() => model.forward(batch, 'training'));
    const trained = values(model.forward(batch, 'rehearsal')[0]);
    const evaluated = values(model.forward(batch, 'evaluation')[0]);
    const scale = Math.max(...trained.map(Math.abs));
    // Bessel's correction is all that is between them.
    evaluated.forEach((value, index) => expect(Math.abs(value - (trained[index] ?? NaN)) / scale).toBeLessThan(0.1));
    model.dispose();
  });

  it('has the gradient of finite differences in every parameter', () => {
    const model = build(encoder, [depth, kind]);
    const batch = images(5, 3);
    const weights = [
      tf.randomNormal([3, input.height, input.width, 1], 0, 1, 'float32', 7),
      tf.randomNormal([3, 5], 0, 1, 'float32', 8),
    ];
    const objective = (): tf.Scalar =>
      tf.addN(
        model.forward(batch, 'rehearsal').map((output, index) => tf.sum(tf.mul(output, weights[index] as tf.Tensor))),
      );
    const { grads } = tf.variableGrads(objective);
    const lengthOf = (variable: tf.Variable): number =>
      tf.norm(grads[variable.name] as tf.Tensor).dataSync()[0] ?? Number.NaN;
    const usual = model.parameters.reduce((sum, one) => sum + lengthOf(one.variable), 0) / model.parameters.length;
    for (const { name, variable } of model.parameters) {
      const gradient = grads[variable.name] as tf.Tensor;
      const length = lengthOf(variable);
      const direction = tf.div(gradient, length);
      const start = tf.clone(variable);
      const at = (t: number): number =>
        tf.tidy(() => {
          variable.assign(tf.add<tf.Tensor>(start, tf.mul(direction, t)));
          return objective().dataSync()[0] ?? Number.NaN;
        });
      const h = 1e-3;
      const slope = (at(h) - at(-h)) / (2 * h);
      variable.assign(start);
      // Single precision, and kinks of relu within the step. Where a normalisation follows, some gradients are 0.
      expect(Math.abs(slope - length) / (length + 0.1 * usual), name).toBeLessThan(0.1);
    }
    model.dispose();
  });

  it('is among what a checkpoint holds, and is freed with the model', () => {
    const before = tf.memory().numTensors;
    const model = build(encoder);
    const names = Object.keys(model.state.variables ?? {});
    const scales = model.parameters.filter(({ name }) => name.endsWith('/scale'));
    expect(scales.length).toBeGreaterThan(4);
    for (const { name } of scales) {
      expect(names).toContain(name.replace(/scale$/, 'mean'));
      expect(names).toContain(name.replace(/scale$/, 'variance'));
    }
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the configuration of encoders', () => {
  it('takes a list of channels for the plain encoder', () => {
    const parse = (encoder: unknown): unknown => modelConfig.parse({ name: 'hard-sharing', encoder }).encoder;
    expect(parse([8, 8])).toEqual({ name: 'plain', channels: [8, 8] });
    expect(parse(undefined)).toEqual({ name: 'plain', channels: [24, 48, 64, 64] });
    expect(parse({ name: 'resnet' })).toEqual({ name: 'resnet', channels: [16, 32, 64], units: 2, momentum: 0.9 });
  });
});
