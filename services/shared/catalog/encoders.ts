import { z } from 'zod';

const stageChannels = z
  .array(z.int().min(4).max(512))
  .min(2)
  .max(6)
  .describe('Channels of its blocks, at 1/2, 1/4 and 1/8 of the image’s resolution; further ones stay at 1/8.');

const momentum = z
  .number()
  .min(0)
  .lt(1)
  .default(0.9)
  .describe('Share of the running statistics that a training step keeps; they are what evaluation normalises by.');

const layerCount = z.int().min(1).max(8);

export interface EncoderInfo {
  readonly label: string;
  readonly description: string;
  readonly source: string;
  readonly options: z.ZodObject;
  /** Its features are of the sample as a whole, so that no head can say something of each pixel. */
  readonly hasNoPlaces?: true;
}

/** Every encoder by name. A new one is an entry here and one file in services/worker/models/encoders. */
export const encoders = {
  plain: {
    label: 'plain convolutional network',
    description:
      'One 3×3 convolution for each block, without normalisation; blocks after the third add to their input where the channels allow.',
    source: 'Simonyan & Zisserman 2015; He et al. 2016',
    options: z.strictObject({ channels: stageChannels.default([24, 48, 64, 64]) }),
  },
  resnet: {
    label: 'residual network with batch normalisation',
    description: 'Basic residual blocks of two 3×3 convolutions, `units` of them in each block of the encoder.',
    source: 'He et al. 2016, fig. 2 and table 1; Ioffe & Szegedy 2015',
    options: z.strictObject({
      channels: stageChannels.default([16, 32, 64]),
      units: layerCount.default(2).describe('Residual blocks of each block of the encoder.'),
      momentum,
    }),
  },
  depthwise: {
    label: 'depthwise-separable network with batch normalisation',
    description:
      'A depthwise 3×3 and a pointwise convolution instead of each full one, `units` pairs in each block: few parameters and multiplications in the encoder. A step on wasm is not faster for it: normalisation and the heads take the time.',
    source: 'Howard et al. 2017, table 1 and fig. 3; Ioffe & Szegedy 2015',
    options: z.strictObject({
      channels: stageChannels.default([24, 48, 96]),
      units: layerCount.default(2).describe('Pairs of convolutions of each block of the encoder.'),
      momentum,
    }),
  },
  dense: {
    label: 'dense network',
    description:
      'Fully connected layers with ReLU on all numbers of a sample at once, for features that are no picture. It has no places, so no task can predict something of each pixel on it.',
    source: 'Rumelhart, Hinton & Williams 1986; Nair & Hinton 2010',
    hasNoPlaces: true,
    options: z.strictObject({
      channels: z
        .array(z.int().min(4).max(4096))
        .min(1)
        .max(6)
        .default([64, 64])
        .describe('Units of its layers; each layer is a block.'),
    }),
  },
} as const satisfies Record<string, EncoderInfo>;

export type EncoderName = keyof typeof encoders;
export const encoderNames = Object.keys(encoders) as [EncoderName, ...EncoderName[]];

const encoderUnion = z.discriminatedUnion('name', [
  encoders.plain.options.extend({ name: z.literal('plain') }),
  encoders.resnet.options.extend({ name: z.literal('resnet') }),
  encoders.depthwise.options.extend({ name: z.literal('depthwise') }),
  encoders.dense.options.extend({ name: z.literal('dense') }),
]);

/** An encoder with its options filled in, as a trial carries it. */
export type EncoderConfig = z.infer<typeof encoderUnion>;

/** A list of channels stands for the plain encoder: the form that specs had before there were others. */
export const encoderConfig = z.preprocess(
  (value) => (Array.isArray(value) ? { name: 'plain', channels: value as unknown[] } : value),
  encoderUnion,
);

/** How many layers each block of an encoder is made of, at least. */
export function layersInBlock(encoder: EncoderConfig): number {
  return 'units' in encoder ? encoder.units : 1;
}
