import { resume as resumeTrials } from '../store/pause.js';
import { smallRequest, type Handler } from './handler.js';

/** Lets a sweep or a trial go on that was paused. */
export const resume: Handler<'resume'> = {
  lane: 'write',
  largestRequest: smallRequest,
  async handle({ database, effects }, { sweepId, trialId }) {
    const { rung, sweepIds } = await resumeTrials(database, { sweepId, trialId });
    effects.ring();
    effects.changed(sweepIds);
    return { startable: rung };
  },
};
