import type { ModelOptions } from '../../shared/catalog/models.js';
import { encoderName, placedEncoder, runBlocks, tapsOf, type EncoderBlock } from './encoders/encoder.js';
import { encoderOf } from './encoders/registry.js';
import type { Head } from './heads/head.js';
import { headOf } from './heads/registry.js';
import { placed } from './layers/layer.js';
import type { ArchitectureFactory, SplitArchitecture } from './model.js';

/**
 * Hard parameter sharing (Caruana 1997; Kendall, Gal & Cipolla 2018, fig. 1): one convolutional encoder for all tasks,
 * one head for each.
 */
export const hardSharing: ArchitectureFactory<ModelOptions<'hard-sharing'>> = (options, input, tasks) => {
  const encoder = encoderOf(options.encoder, input);
  const taps = tapsOf(encoder);
  const heads = new Map(tasks.map((task) => [task.name, headOf(task, { encoder, input, width: options.head })]));
  const parts = [
    placedEncoder(encoder.blocks, encoderName),
    ...Array.from(heads, ([task, head]) => placed(head, task, task)),
  ];

  const split: SplitArchitecture = {
    encode: (images, scope) => {
      const outputs = runBlocks(encoder.blocks, encoder.prepare(images), scope.within(encoderName));
      return outputs.filter((_, place) => taps.includes(place));
    },
    decode: (features, task, scope) => (heads.get(task) as Head).apply(features, scope.within(task)),
  };
  return {
    parameters: parts.flatMap(({ parameters }) => parameters),
    state: parts.flatMap(({ state }) => state),
    forward: (images, scope) => {
      const features = split.encode(images, scope);
      return tasks.map(({ name }) => split.decode(features, name, scope));
    },
    shared: {
      groups: [encoderName],
      lastLayer: (encoder.blocks.at(-1) as EncoderBlock).lastLayer.map((name) => `${encoderName}/${name}`),
      split,
    },
  };
};
