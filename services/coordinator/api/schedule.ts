import { reschedule } from '../store/reschedule.js';
import { smallRequest, type Handler } from './handler.js';

/** Changes priority, share, limits and budget of a sweep, or the priority of a trial. */
export const schedule: Handler<'schedule'> = {
  lane: 'write',
  largestRequest: smallRequest,
  async handle({ database, effects }, { sweepId, trialId, ...change }) {
    const changed = await reschedule(database, { sweepId, trialId }, change);
    effects.ring();
    effects.changed([changed]);
    return {};
  },
};
