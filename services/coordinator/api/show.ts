import { findSweep } from '../store/list-sweeps.js';
import { listTrials } from '../store/list-trials.js';
import { expectTarget } from '../store/target.js';
import { smallRequest, type Handler } from './handler.js';

/** One sweep with its trials. */
export const show: Handler<'show'> = {
  lane: 'read',
  largestRequest: smallRequest,
  async handle({ database }, { sweepId, ...which }) {
    await expectTarget(database, { sweepId });
    // The trials first: a sweep that is shown as completed then has no trial that is shown as running.
    const trials = await listTrials(database, sweepId, which);
    const sweep = await findSweep(database, sweepId);
    if (sweep === undefined) throw new Error(`sweep ${sweepId} went away while it was read`);
    return { sweep, trials };
  },
};
