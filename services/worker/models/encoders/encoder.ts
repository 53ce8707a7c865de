import * as tf from '@tensorflow/tfjs-core';
import { dropout, inSequence, placed, type Layer } from '../layers/layer.js';
import type { GroupedParameter, ModelInput, StateSpec } from '../model.js';
import type { Scope } from '../scope.js';

/** Resolutions fall to 1/2, 1/4 and 1/8 of the image's and then stay. */
export const deepestLevel = 3;

/** A step of an encoder: what multi-task networks put together, mix or hold apart. */
export interface EncoderBlock extends Layer {
  readonly name: string;
  /** What it is made of: applying them one after the other is applying the block. */
  readonly layers: readonly [Layer, ...Layer[]];
  /** Channels of its output. */
  readonly channels: number;
  /** Its output has 1/2^level of the image's resolution; no block lowers it by more than one level. */
  readonly level: number;
  /** Names of the parameters of its last layer. */
  readonly lastLayer: readonly string[];
}

/**
 * A convolutional network without heads, as blocks that follow each other. Names of values are within the encoder, so
 * that a network can hold several.
 */
export interface Encoder {
  /** At least one on each level from 1 to the deepest, which is 2 or more. */
  readonly blocks: readonly EncoderBlock[];
  /**
   * What the first block takes in.
   * @param images [size, height, width, channels], values 0 … 1
   */
  prepare(images: tf.Tensor4D): tf.Tensor4D;
}

/**
 * A block; features at its end can be left out at random.
 * @param layers at least one, with the names that their values have within the encoder
 */
export function encoderBlock(common: Pick<EncoderBlock, 'name' | 'channels' | 'level' | 'layers'>): EncoderBlock {
  const last = common.layers.at(-1) as Layer;
  const layers = common.layers.with(-1, inSequence([last, dropout(common.name)])) as [Layer, ...Layer[]];
  return {
    ...inSequence(layers),
    ...common,
    layers,
    lastLayer: last.parameters.map(({ name }) => name),
  };
}

/** A block's resolution: the first three halve it. */
export function levelOf(place: number): number {
  return Math.min(place + 1, deepestLevel);
}

/** Step of the first convolution of a block: the first block's resolution is halved before it. */
export function strideOf(place: number): number {
  return place > 0 && levelOf(place) > levelOf(place - 1) ? 2 : 1;
}

/** Place of an architecture's one encoder, and what the values of several are drawn under; also the group of its parameters. */
export const encoderName = 'encoder';

/**
 * An encoder in its place in a network: its values by their full names, each with its block.
 * @param path `encoder`, or where one of several is
 */
export function placedEncoder(
  blocks: readonly EncoderBlock[],
  path: string,
): { readonly parameters: GroupedParameter[]; readonly state: StateSpec[] } {
  const parts = blocks.map((block, place) => {
    const { parameters, state } = placed(block, path, encoderName, encoderName);
    const inBlock = <Spec>(specs: readonly Spec[]): (Spec & { block: number })[] =>
      specs.map((spec) => ({ ...spec, block: place + 1 }));
    return { parameters: inBlock(parameters), state: inBlock(state) };
  });
  return { parameters: parts.flatMap((part) => part.parameters), state: parts.flatMap((part) => part.state) };
}

/** Outputs of the blocks in their order, each from the one before. */
export function runBlocks(blocks: readonly EncoderBlock[], input: tf.Tensor4D, scope: Scope): tf.Tensor4D[] {
  let x = input;
  return blocks.map((block) => {
    x = block.apply(x, scope);
    return x;
  });
}

/** Of the blocks that heads take in: places of the last of each level, the deepest last. */
export function tapsOf({ blocks }: Encoder): number[] {
  return blocks.flatMap(({ level }, place) => (blocks[place + 1]?.level === level ? [] : [place]));
}

/** The level of its last block. */
export function deepestLevelOf({ blocks }: Encoder): number {
  return Math.max(...blocks.map(({ level }) => level));
}

/** Where heads and mixing find the features of a level, in pixels. */
export function sizeAt(level: number, input: Pick<ModelInput, 'height' | 'width'>): [height: number, width: number] {
  const [height, width] = paddedSize(input);
  return [height / 2 ** level, width / 2 ** level];
}

/** Sizes that the levels' halvings divide, at least those of the image. */
export function paddedSize({ height, width }: Pick<ModelInput, 'height' | 'width'>): [height: number, width: number] {
  const unit = 2 ** deepestLevel;
  const padded = (size: number): number => Math.ceil(size / unit) * unit;
  return [padded(height), padded(width)];
}

/** Brings values to −1 … 1 and fills up at the bottom and at the right with the middle between both. */
export function normalised(images: tf.Tensor4D): tf.Tensor4D {
  const centred = tf.sub<tf.Tensor4D>(tf.mul(images, 2), 1);
  const [, height, width] = images.shape;
  const [fullHeight, fullWidth] = paddedSize({ height, width });
  if (fullHeight === height && fullWidth === width) return centred;
  return tf.pad(centred, [
    [0, 0],
    [0, fullHeight - height],
    [0, fullWidth - width],
    [0, 0],
  ]);
}
