import { cancel as cancelTrials } from '../store/cancel.js';
import { smallRequest, type Handler } from './handler.js';

/** Cancels a sweep or a trial, and tells the workers that train it. */
export const cancel: Handler<'cancel'> = {
  lane: 'write',
  largestRequest: smallRequest,
  async handle({ database, effects }, { sweepId, trialId }) {
    const { trials, sweepIds, stopped } = await cancelTrials(database, { sweepId, trialId });
    effects.stopAttempts(stopped);
    effects.changed(sweepIds);
    return { cancelled: trials };
  },
};
