import * as tf from '@tensorflow/tfjs-core';
import { relu } from '../../operations/relu.js';
import { batchNorm } from './batch-norm.js';
import { convolution } from './convolution.js';
import { inSequence, named, plainly, type Layer } from './layer.js';

export interface AttentionSpec {
  readonly name: string;
  /** Channels of what it looks at. */
  readonly from: number;
  /** Channels of what it masks. */
  readonly channels: number;
  /** Of its normalisations. */
  readonly momentum: number;
}

/**
 * A mask over each channel and place, 0 … 1 (Liu, Johns & Davison 2019, section 3: g, then h): two 1×1 convolutions,
 * each batch-normalised, the first with a ReLU and the second with a sigmoid behind it.
 */
export function attentionMask({ name, from, channels, momentum }: AttentionSpec): Layer {
  const step = (part: string, inputs: number): Layer[] => [
    convolution({ name: part, size: 1, from: inputs, to: channels, bias: false }),
    batchNorm(part, channels, momentum),
  ];
  return named(
    name,
    inSequence([...step('g', from), plainly(relu), ...step('h', channels), plainly((x) => tf.sigmoid(x))]),
  );
}

export interface PassSpec {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Whether the resolution is halved behind it. */
  readonly halved: boolean;
  readonly momentum: number;
}

/** What an attended block hands to the next attention (the same section: f, then pooling): a 3×3 convolution, normalised. */
export function attentionPass({ name, from, to, halved, momentum }: PassSpec): Layer {
  const pool = plainly((x) => tf.maxPool(x, 2, 2, 'same'));
  return named(
    name,
    inSequence([
      convolution({ name: 'f', size: 3, from, to, bias: false }),
      batchNorm('f', to, momentum),
      plainly(relu),
      ...(halved ? [pool] : []),
    ]),
  );
}
