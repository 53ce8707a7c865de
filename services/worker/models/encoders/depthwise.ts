import type { EncoderConfig } from '../../../shared/catalog/encoders.js';
import { spaceToDepth } from '../../operations/rearrange.js';
import { relu } from '../../operations/relu.js';
import { batchNorm } from '../layers/batch-norm.js';
import { convolution, depthwiseConvolution } from '../layers/convolution.js';
import { inSequence, named, plainly, type Layer } from '../layers/layer.js';
import type { ModelInput } from '../model.js';
import { encoderBlock, levelOf, normalised, strideOf, type Encoder, type EncoderBlock } from './encoder.js';
import { normalisedStem } from './stem.js';

type DepthwiseOptions = Omit<Extract<EncoderConfig, { name: 'depthwise' }>, 'name'>;

/**
 * A MobileNet (Howard et al. 2017): after a stem at half the resolution, each block of the encoder is `units` pairs of a
 * depthwise 3×3 and a pointwise convolution, each batch-normalised; the first pair may halve the resolution.
 */
export function depthwiseEncoder({ channels, units, momentum }: DepthwiseOptions, input: ModelInput): Encoder {
  const blocks = channels.map((to, place): EncoderBlock => {
    const name = String(place + 1);
    const from = place === 0 ? to : (channels[place - 1] as number);
    const stem = place === 0 ? [normalisedStem(to, momentum, input)] : [];
    const pairs = Array.from({ length: units }, (_, unit) =>
      separable(unit === 0 ? from : to, to, unit === 0 ? strideOf(place) : 1, momentum),
    );
    const layers = [...stem, ...pairs].map((layer, index) => named(`${name}/${index + 1}`, layer));
    return encoderBlock({ name, channels: to, level: levelOf(place), layers: layers as [Layer, ...Layer[]] });
  });
  return { blocks, prepare: (images) => spaceToDepth(normalised(images)) };
}

/** Howard et al. 2017, fig. 3, right. */
function separable(from: number, to: number, stride: number, momentum: number): Layer {
  return inSequence([
    depthwiseConvolution({ name: 'depthwise', size: 3, channels: from, stride }),
    batchNorm('depthwise', from, momentum),
    plainly(relu),
    convolution({ name: 'pointwise', size: 1, from, to, bias: false }),
    batchNorm('pointwise', to, momentum),
    plainly(relu),
  ]);
}
