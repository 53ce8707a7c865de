import { pause as pauseTrials } from '../store/pause.js';
import { smallRequest, type Handler } from './handler.js';

/** Holds a sweep or a trial; its running trials go on, or are handed back. */
export const pause: Handler<'pause'> = {
  lane: 'write',
  largestRequest: smallRequest,
  async handle({ database, effects }, { sweepId, trialId, now }) {
    const { held, interrupted, sweepIds } = await pauseTrials(database, { sweepId, trialId }, now ? 'now' : 'drain');
    effects.handBack(interrupted);
    effects.changed(sweepIds);
    return { held, handedBack: interrupted.length };
  },
};
