import { deleteSweep as deleteWithTrials } from '../store/delete-sweep.js';
import { smallRequest, type Handler } from './handler.js';

/** Deletes a sweep that is over, with everything that its trials have recorded. */
export const deleteSweep: Handler<'delete'> = {
  lane: 'write',
  largestRequest: smallRequest,
  async handle({ database, effects }, { sweepId }) {
    const trials = await deleteWithTrials(database, sweepId);
    effects.changed([sweepId]);
    return { trials };
  },
};
