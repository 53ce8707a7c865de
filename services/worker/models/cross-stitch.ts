import type { ModelOptions } from '../../shared/catalog/models.js';
import type * as tf from '@tensorflow/tfjs-core';
import { encoderName, placedEncoder, tapsOf, type EncoderBlock } from './encoders/encoder.js';
import { encoderOf } from './encoders/registry.js';
import { headOf } from './heads/registry.js';
import { placed, together } from './layers/layer.js';
import { stitch } from './layers/stitch.js';
import type { ArchitectureFactory } from './model.js';

const stitchName = 'stitch';

/**
 * Cross-stitch networks (Misra et al. 2016): a whole network for each task; after every block of the encoders a unit
 * mixes their features linearly. All encoders start alike, with the values that hard sharing's encoder starts from, so
 * that the first outputs are those of hard sharing whatever the units start with.
 *
 * Each task's loss depends on all encoders and all units: they are its shared parameters, in the groups `encoder` and
 * `stitch`. The last shared layer is the last of all encoders together; the features that heads take in are not shared,
 * each head has its own.
 */
export const crossStitch: ArchitectureFactory<ModelOptions<'cross-stitch'>> = (options, input, tasks) => {
  const encoder = encoderOf(options.encoder, input);
  const { blocks } = encoder;
  const taps = tapsOf(encoder);
  const ways = tasks.map((task) => ({
    path: `${encoderName}s/${task.name}`,
    task: task.name,
    head: headOf(task, { encoder, input, width: options.head }),
  }));
  const stitches = blocks.map(({ name, channels }) =>
    stitch({ name, networks: ways.length, channels, own: options.own, perChannel: options.units === 'channel' }),
  );
  const parts = [
    ...ways.map(({ path }) => placedEncoder(blocks, path)),
    placed(together(stitches), stitchName, stitchName),
    ...ways.map(({ head, task }) => placed(head, task, task)),
  ];
  return {
    parameters: parts.flatMap(({ parameters }) => parameters),
    state: parts.flatMap(({ state }) => state),
    forward: (images, scope) => {
      const prepared = encoder.prepare(images);
      let features: readonly tf.Tensor4D[] = ways.map(() => prepared);
      const outputs = blocks.map((block, place) => {
        const own = ways.map(({ path }, way) => block.apply(features[way] as tf.Tensor4D, scope.within(path)));
        features = (stitches[place] as (typeof stitches)[0]).apply(own, scope.within(stitchName));
        return features;
      });
      return ways.map(({ head, task }, way) => {
        const tapped = taps.map((place) => outputs[place]?.[way] as tf.Tensor4D);
        return head.apply(tapped, scope.within(task));
      });
    },
    shared: {
      groups: [encoderName, stitchName],
      lastLayer: ways.flatMap(({ path }) => (blocks.at(-1) as EncoderBlock).lastLayer.map((name) => `${path}/${name}`)),
    },
  };
};
