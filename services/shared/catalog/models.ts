import { z } from 'zod';
import { encoderConfig, encoders, type EncoderConfig } from './encoders.js';

const usualEncoder: EncoderConfig = { name: 'plain', ...encoders.plain.options.parse({}) };

/** What every architecture is put together from. */
const parts = {
  encoder: encoderConfig
    .default(usualEncoder)
    .describe('The convolutional network before the heads; a list of channels stands for a plain one.'),
  head: z
    .int()
    .min(4)
    .max(512)
    .default(32)
    .describe('Channels of each task’s decoder head; a head of one vector for the image has none of its own.'),
};

const hardSharingOptions = z.strictObject(parts);

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
    description: 'One encoder shared by all tasks, one head per task.',
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
