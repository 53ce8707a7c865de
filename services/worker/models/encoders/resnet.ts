import * as tf from '@tensorflow/tfjs-core';
import type { EncoderConfig } from '../../../shared/catalog/encoders.js';
import { spaceToDepth } from '../../operations/rearrange.js';
import { relu } from '../../operations/relu.js';
import { batchNorm } from '../layers/batch-norm.js';
import { convolution } from '../layers/convolution.js';
import { inSequence, named, plainly, together, type Layer } from '../layers/layer.js';
import type { ModelInput } from '../model.js';
import { encoderBlock, levelOf, normalised, strideOf, type Encoder, type EncoderBlock } from './encoder.js';
import { normalisedStem } from './stem.js';

type ResnetOptions = Omit<Extract<EncoderConfig, { name: 'resnet' }>, 'name'>;

/**
 * A residual network (He et al. 2016, fig. 2, left): after a stem at half the resolution, each block of the encoder is
 * `units` basic residual blocks, the first of which may halve the resolution and change the channels.
 */
export function resnetEncoder({ channels, units, momentum }: ResnetOptions, input: ModelInput): Encoder {
  const blocks = channels.map((to, place): EncoderBlock => {
    const name = String(place + 1);
    const from = place === 0 ? to : (channels[place - 1] as number);
    const stem = place === 0 ? [normalisedStem(to, momentum, input)] : [];
    const residuals = Array.from({ length: units }, (_, unit) =>
      unit === 0
        ? basicBlock({ from, to, stride: strideOf(place), momentum })
        : basicBlock({ from: to, to, stride: 1, momentum }),
    );
    const layers = [...stem, ...residuals].map((layer, index) => named(`${name}/${index + 1}`, layer));
    return encoderBlock({ name, channels: to, level: levelOf(place), layers: layers as [Layer, ...Layer[]] });
  });
  return { blocks, prepare: (images) => spaceToDepth(normalised(images)) };
}

interface BasicBlockSpec {
  readonly from: number;
  readonly to: number;
  readonly stride: number;
  readonly momentum: number;
}

/** relu(F(x) + x); where shapes differ, x goes through a 1×1 convolution (He et al. 2016, option B). */
function basicBlock({ from, to, stride, momentum }: BasicBlockSpec): Layer {
  const way = inSequence([
    convolution({ name: 'first', size: 3, from, to, stride, bias: false }),
    batchNorm('first', to, momentum),
    plainly(relu),
    convolution({ name: 'second', size: 3, from: to, to, bias: false }),
    batchNorm('second', to, momentum),
  ]);
  const shortcut =
    stride === 1 && from === to
      ? plainly((x) => x)
      : inSequence([
          convolution({ name: 'shortcut', size: 1, from, to, stride, bias: false }),
          batchNorm('shortcut', to, momentum),
        ]);
  return {
    ...together([way, shortcut]),
    apply: (x, scope) => relu(tf.add(way.apply(x, scope), shortcut.apply(x, scope))),
  };
}
