import { z } from 'zod';

const never = '0 = not for this reason';

/** When a trial's state is written down, so that another attempt goes on from there. */
export const checkpointOptions = z.strictObject({
  everySeconds: z
    .number()
    .min(0)
    .max(604_800)
    .default(60)
    .describe(`After so many seconds of training, and less often where writing one takes long; ${never}.`),
  everySteps: z.int().min(0).max(1_000_000_000).default(0).describe(`After so many optimizer steps; ${never}.`),
  everyEpochs: z.int().min(0).max(100_000).default(0).describe(`After so many epochs; ${never}.`),
  onStop: z.boolean().default(true).describe('When the worker is told to stop, before it hands the trial back.'),
  keep: z
    .enum(['none', 'final'])
    .default('none')
    .describe(
      'What is kept when the trial has ended: nothing, or the trained network, for another trial to start from.',
    ),
});
export type CheckpointOptions = z.infer<typeof checkpointOptions>;
