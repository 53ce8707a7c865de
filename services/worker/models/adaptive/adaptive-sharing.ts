import type * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from '../../../shared/catalog/encoders.js';
import type { ModelOptions } from '../../../shared/catalog/models.js';
import { deepestLevelOf, encoderName, placedEncoder, tapsOf, type EncoderBlock } from '../encoders/encoder.js';
import { encoderOf } from '../encoders/registry.js';
import { headOf } from '../heads/registry.js';
import { placed } from '../layers/layer.js';
import type { ArchitectureFactory } from '../model.js';
import type { Values } from '../scope.js';
import { branchAffinities, cheapestGrouping, taskAffinities } from './grouping.js';
import { Routing } from './routing.js';

/**
 * Fully-adaptive feature sharing (Lu et al. 2017): a thin encoder that all tasks share is widened from the top down. Every
 * `every` epochs the block at the junction is copied for each group of branches that meet there, grouped by how alike
 * their tasks are, so that tasks that find other samples hard part ways higher up.
 *
 * The copies that there may be are allocated from the start; which are used is the routing, and is state. A copy starts
 * with the block's values and a fresh optimizer. Parameters and multiply-adds are those of the network as it is.
 */
export const adaptiveSharing: ArchitectureFactory<ModelOptions<'adaptive'>> = (options, input, tasks) => {
  const encoder = encoderOf(thinned(options.encoder, options.width), input);
  const { blocks } = encoder;
  const taps = tapsOf(encoder);
  const routing = new Routing(blocks.length, tasks.length);
  const ways = tasks.map((task) => ({
    path: `${encoderName}s/${task.name}`,
    task: task.name,
    head: headOf(task, { encoder, input, width: options.head }),
  }));
  const pathOf = (copy: number): string => (ways[copy] as (typeof ways)[0]).path;
  const parts = [
    ...ways.map(({ path }) => placedEncoder(blocks, path)),
    ...ways.map(({ head, task }) => placed(head, task, task)),
  ];
  const parameters = parts.flatMap((part) => part.parameters);
  const state = parts.flatMap((part) => part.state);

  /** Names of a block's values within one copy. */
  const namesOf = (block: EncoderBlock, copy: number, which: 'parameters' | 'state'): string[] =>
    block[which].map(({ name }) => `${pathOf(copy)}/${name}`);
  const copyBlock = (block: EncoderBlock, to: number, values: Values): void => {
    for (const [which, find] of [
      ['parameters', (name: string) => values.parameter(name)],
      ['state', (name: string) => values.state(name)],
    ] as const) {
      const targets = namesOf(block, to, which);
      namesOf(block, 0, which).forEach((name, place) => find(targets[place] as string).assign(find(name)));
    }
  };

  return {
    parameters,
    state,
    forward: (images, scope) => {
      const prepared = encoder.prepare(images);
      let features = ways.map(() => prepared);
      const outputs = blocks.map((block, place) => {
        const made = new Map<number, tf.Tensor4D>();
        features = ways.map((_, task) => {
          const copy = routing.copyOf(place, task);
          const known = made.get(copy) ?? block.apply(features[task] as tf.Tensor4D, scope.within(pathOf(copy)));
          made.set(copy, known);
          return known;
        });
        return features;
      });
      return ways.map(({ head, task }, way) => {
        const tapped = taps.map((place) => outputs[place]?.[way] as tf.Tensor4D);
        return head.apply(tapped, scope.within(task));
      });
    },
    adaptation: {
      numbers: { routing: routing.numbers },
      isUsed: (name) => {
        const way = ways.findIndex(({ path }) => name.startsWith(`${path}/`));
        if (way < 0) return true;
        const own = name.slice(pathOf(way).length + 1);
        const block = blocks.findIndex(({ parameters: some }) => some.some((one) => one.name === own));
        return routing.copiesOf(block).includes(way);
      },
      afterEpoch: async (epoch, values, measure) => {
        const { junction } = routing;
        if (junction === undefined || epoch % options.every !== 0) return [];
        const affinities = taskAffinities(await measure(options.samples));
        const branches = routing.branches();
        const block = blocks[junction] as EncoderBlock;
        const groups = cheapestGrouping(branchAffinities(affinities, branches), {
          branch: options.branchCost * 2 ** (deepestLevelOf(encoder) - block.level),
        });
        for (const copy of routing.branch(groups)) copyBlock(block, copy, values);
        const namesOfTasks = (group: readonly number[]): string =>
          group.flatMap((place) => (branches[place] ?? []).map((task) => ways[task]?.task ?? '')).join(' + ');
        return [
          `affinities of the tasks: ${pairsOf(
            ways.map(({ task }) => task),
            affinities,
          )}`,
          `block ${block.name} branches into ${groups.length}: ${groups.map(namesOfTasks).join(' | ')}`,
        ];
      },
    },
  };
};

/** A block keeps at least this many channels. */
const fewestChannels = 4;

/** An encoder with a share of the channels. */
function thinned(encoder: EncoderConfig, width: number): EncoderConfig {
  return {
    ...encoder,
    channels: encoder.channels.map((channels) => Math.max(fewestChannels, Math.round(channels * width))),
  };
}

function pairsOf(names: readonly string[], affinities: readonly (readonly number[])[]): string {
  return names
    .flatMap((one, row) =>
      names
        .slice(row + 1)
        .map((other, place) => `${one}–${other} ${(affinities[row]?.[row + 1 + place] ?? NaN).toFixed(3)}`),
    )
    .join(', ');
}
