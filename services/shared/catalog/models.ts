import { z } from 'zod';

const hardSharingOptions = z.strictObject({
  encoder: z
    .array(z.int().min(4).max(512))
    .min(2)
    .max(6)
    .default([24, 48, 64, 64])
    .describe(
      'Channels of the encoder’s stages, at 1/2, 1/4 and 1/8 of the image’s resolution; further ones stay at 1/8.',
    ),
  head: z.int().min(4).max(512).default(32).describe('Channels of each task’s decoder head.'),
});

export interface ModelInfo {
  readonly label: string;
  readonly description: string;
  readonly source: string;
  readonly options: z.ZodObject;
}

/** Every architecture by name. A new one is an entry here and one file in services/worker/models. */
export const models = {
  'hard-sharing': {
    label: 'hard parameter sharing',
    description: 'One convolutional encoder shared by all tasks, one decoder head per task.',
    source: 'Caruana 1997; Kendall, Gal & Cipolla 2018, fig. 1',
    options: hardSharingOptions,
  },
} as const satisfies Record<string, ModelInfo>;

export type ModelName = keyof typeof models;

/** A model with its options filled in, as a trial carries it. */
export const modelConfig = z.discriminatedUnion('name', [
  hardSharingOptions.extend({ name: z.literal('hard-sharing') }),
]);
export type ModelConfig = z.infer<typeof modelConfig>;
