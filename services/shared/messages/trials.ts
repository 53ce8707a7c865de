import { z } from 'zod';
import { id, version } from './common.js';

/** Stream TRIALS: rings for a queued trial. It carries no configuration: the claim's answer does. */
export const trialMessage = z.object({ v: version, trialId: id, sweepId: id });
export type TrialMessage = z.infer<typeof trialMessage>;
