import { z } from 'zod';

/** A path within a folder, however the machine writes paths: no `..`, no drive, no leading slash. */
const pathWithin = z
  .string()
  .min(1)
  .max(500)
  .regex(
    /^(?![\\/])(?!.*:)(?!(?:.*[\\/])?\.\.(?:[\\/]|$))[^\u0000-\u001f\u007f]+$/,
    'must be a path within the folder',
  );

/** What a network starts from instead of drawn values, and how much of it goes on learning. */
export const transferOptions = z.strictObject({
  trial: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'an id has 1 to 64 letters, digits, "-" or "_"')
    .describe('Id of a trial that succeeded with `checkpoint: { keep: final }`.')
    .optional(),
  file: pathWithin
    .describe('A checkpoint file within each worker’s folder `SIGMASWEEP_NETWORKS`, instead of a trial.')
    .optional(),
  load: z
    .enum(['encoder', 'network'])
    .default('encoder')
    .describe('What is taken: the encoder, its running statistics included, or all of the network, heads too.'),
  trainBlocks: z
    .int()
    .min(0)
    .max(6)
    .describe(
      'How many of the encoder’s last blocks are trained; the others stay as they are, running statistics too. 0 makes it a fixed feature extractor; all are trained if left out.',
    )
    .optional(),
});
export type TransferConfig = z.infer<typeof transferOptions>;
