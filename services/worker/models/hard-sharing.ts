import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../shared/catalog/models.js';
import { depthToSpace, spaceToDepth } from '../operations/rearrange.js';
import { relu } from '../operations/relu.js';
import { convolutionParameters, convolve, coordinates, type ConvolutionSpec } from './layers.js';
import type { ArchitectureFactory, ParameterLookup } from './model.js';

export type HardSharingOptions = Omit<Extract<ModelConfig, { name: 'hard-sharing' }>, 'name'>;

/** Resolutions fall to 1/2, 1/4 and 1/8 of the image's and then stay. */
const deepestLevel = 3;
const levelOfStage = (stage: number): number => Math.min(stage + 1, deepestLevel);

/** The heads' last layers start small, so that first predictions are near 0 and first losses alike for all seeds. */
const outputGain = 0.1;

const placeFilter = 'encoder/place/filter';

/**
 * Hard parameter sharing (Caruana 1997; Kendall, Gal & Cipolla 2018, fig. 1): one convolutional encoder for all tasks,
 * one decoder head for each.
 *
 * Encoder: stage 1 sees 2×2 blocks of pixels as channels, and where they are; stages 2 and 3 halve the resolution;
 * later stages keep it and add to their input (He et al. 2016) where the channels allow. Head: from the deepest stage,
 * sub-pixel convolutions double the resolution up to the image's, and on the way a 1×1 convolution brings in the
 * encoder's features of the same resolution. All 3×3 convolutions run at half the image's resolution or less.
 */
export const hardSharing: ArchitectureFactory<HardSharingOptions> = (options, input, tasks) => {
  const stages = options.encoder.map((channels, stage) => ({
    name: `encoder/${stage + 1}`,
    group: 'encoder',
    size: 3,
    from: stage === 0 ? 4 * input.channels : (options.encoder[stage - 1] as number),
    to: channels,
  }));
  const deepest = levelOfStage(stages.length - 1);
  const lastStage = stages.length - 1;
  /** For each level but the deepest, the stage whose features the heads take in. */
  const skips = Array.from({ length: deepest - 1 }, (_, index) => index);

  const headLayers = tasks.flatMap(({ name, outputChannels }) => [
    ...Array.from({ length: deepest }, (_, index) => {
      const level = deepest - index;
      return {
        name: `${name}/up${level}`,
        group: name,
        size: 3,
        from: index === 0 ? (options.encoder[lastStage] as number) : options.head,
        to: 4 * (level === 1 ? outputChannels : options.head),
        gain: level === 1 ? outputGain : 1,
      };
    }),
    ...skips.map((stage) => ({
      name: `${name}/skip${levelOfStage(stage)}`,
      group: name,
      size: 1,
      from: options.encoder[stage] as number,
      to: options.head,
    })),
  ]);

  /** What the heads take in: the skips' stages, then the deepest. */
  const encode = (images: tf.Tensor4D, parameter: ParameterLookup): tf.Tensor4D[] => {
    let x = spaceToDepth(tf.sub(tf.mul(images, 2), 1));
    const outputs = stages.map(({ name, from, to }, stage) => {
      const stride = stage > 0 && levelOfStage(stage) > levelOfStage(stage - 1) ? 2 : 1;
      let convolved = convolve(x, name, parameter, stride);
      if (stage === 0) convolved = tf.add(convolved, placeFeatures(parameter(placeFilter)));
      x = relu(stage >= deepestLevel && from === to ? tf.add(convolved, x) : convolved);
      return x;
    });
    return [...skips, lastStage].map((stage) => outputs[stage] as tf.Tensor4D);
  };

  const decode = (features: readonly tf.Tensor4D[], task: string, parameter: ParameterLookup): tf.Tensor4D => {
    let x = features.at(-1) as tf.Tensor4D;
    for (let level = deepest; level > 1; level -= 1) {
      const skip = features[level - 2] as tf.Tensor4D;
      const up = depthToSpace(convolve(x, `${task}/up${level}`, parameter));
      x = relu(tf.add(up, convolve(skip, `${task}/skip${level - 1}`, parameter)));
    }
    return depthToSpace(convolve(x, `${task}/up1`, parameter));
  };

  // The same for every image, so it costs next to nothing beside channels added to the images.
  const placeFeatures = (filter: tf.Tensor): tf.Tensor4D => {
    const [height, width] = [input.height / 2, input.width / 2];
    return tf.conv2d(tf.tensor4d(coordinates(height, width), [1, height, width, 2]), filter as tf.Tensor4D, 1, 'same');
  };

  return {
    parameters: [
      { name: placeFilter, group: 'encoder', shape: [1, 1, 2, options.encoder[0] as number], deviation: 1 },
      ...[...stages, ...headLayers].flatMap(convolutionParameters),
    ],
    forward: (images, parameter) => {
      const features = encode(images, parameter);
      return tasks.map(({ name }) => decode(features, name, parameter));
    },
    shared: {
      encode,
      decode,
      groups: ['encoder'],
      lastLayer: convolutionParameters(stages[lastStage] as ConvolutionSpec).map(({ name }) => name),
    },
  };
};
