import { retry as retryTrials } from '../store/retry.js';
import { smallRequest, type Handler } from './handler.js';

/** Queues what failed or was cancelled again. */
export const retry: Handler<'retry'> = {
  lane: 'write',
  largestRequest: smallRequest,
  async handle({ database, effects }, { sweepId, trialId }) {
    const { trials, sweepIds } = await retryTrials(database, { sweepId, trialId });
    if (trials > 0) effects.ring();
    effects.changed(sweepIds);
    return { queued: trials };
  },
};
