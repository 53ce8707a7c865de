import * as tf from '@tensorflow/tfjs-core';
import type { ModelOptions } from '../../shared/catalog/models.js';
import { encoderName, placedEncoder, tapsOf, type EncoderBlock } from './encoders/encoder.js';
import { encoderOf } from './encoders/registry.js';
import { headOf } from './heads/registry.js';
import { attentionMask, attentionPass } from './layers/attention.js';
import { inSequence, placed, together, type Layer } from './layers/layer.js';
import type { ArchitectureFactory } from './model.js';
import type { Scope } from './scope.js';

const attentionName = 'attention';

/** Of an encoder without normalisation, so that its options have no momentum. */
const usualMomentum = 0.9;

/**
 * Multi-task attention networks (Liu, Johns & Davison 2019, section 3): one encoder for all
 * tasks; in each block j a task i masks the block's features p with a_i = h_i(g_i([u; f(â_i of block j − 1)])), â_i = a_i ⊙ p,
 * u being the features within the block. Heads take in the attended features of the levels that they would take p of.
 *
 * f is shared by all tasks, so it belongs to the shared parameters although it lies behind masks of tasks, and there is
 * no representation that all tasks share alone. g, h and the head are a task's own, in its group; f is the group
 * `attention`.
 */
export const mtan: ArchitectureFactory<ModelOptions<'mtan'>> = (options, input, tasks) => {
  const encoder = encoderOf(options.encoder, input);
  const { blocks } = encoder;
  const taps = tapsOf(encoder);
  const momentum = 'momentum' in options.encoder ? options.encoder.momentum : usualMomentum;
  const halves = blocks.map(({ layers }) => ({
    within: inSequence(layers.slice(0, -1)),
    last: layers.at(-1) as Layer,
  }));
  const passes = blocks.slice(1).map((next, place) => {
    const from = blocks[place] as EncoderBlock;
    return attentionPass({
      name: from.name,
      from: from.channels,
      to: next.channels,
      halved: next.level > from.level,
      momentum,
    });
  });
  const ways = tasks.map((task) => ({
    task: task.name,
    masks: blocks.map(({ name, channels }, place) =>
      attentionMask({ name, from: place === 0 ? channels : 2 * channels, channels, momentum }),
    ),
    head: headOf(task, { encoder, input, width: options.head }),
  }));
  const maskPath = (task: string): string => `${task}/${attentionName}`;
  const parts = [
    placedEncoder(blocks, encoderName),
    placed(together(passes), attentionName, attentionName),
    ...ways.flatMap(({ task, masks, head }) => [
      placed(together(masks), maskPath(task), task),
      placed(head, task, task),
    ]),
  ];

  /** Of each block the features within it and at its end. */
  const encode = (images: tf.Tensor4D, scope: Scope): { u: tf.Tensor4D; p: tf.Tensor4D }[] => {
    let x = encoder.prepare(images);
    return halves.map(({ within, last }) => {
      const u = within.apply(x, scope);
      x = last.apply(u, scope);
      return { u, p: x };
    });
  };
  return {
    parameters: parts.flatMap(({ parameters }) => parameters),
    state: parts.flatMap(({ state }) => state),
    forward: (images, scope) => {
      const features = encode(images, scope.within(encoderName));
      return ways.map(({ task, masks, head }) => {
        let handed: tf.Tensor4D | undefined;
        const attended = features.map(({ u, p }, place) => {
          const seen = handed === undefined ? u : tf.concat([u, handed], 3);
          const mask = (masks[place] as Layer).apply(seen, scope.within(maskPath(task)));
          const kept = tf.mul<tf.Tensor4D>(mask, p);
          handed = passes[place]?.apply(kept, scope.within(attentionName));
          return kept;
        });
        const tapped = taps.map((place) => attended[place] as tf.Tensor4D);
        return head.apply(tapped, scope.within(task));
      });
    },
    shared: {
      groups: [encoderName, attentionName],
      lastLayer: (blocks.at(-1) as EncoderBlock).lastLayer.map((name) => `${encoderName}/${name}`),
    },
  };
};
