import { archive as archiveSweep } from '../store/archive.js';
import { smallRequest, type Handler } from './handler.js';

/** Takes a sweep out of the list, or back into it. */
export const archive: Handler<'archive'> = {
  lane: 'write',
  largestRequest: smallRequest,
  async handle({ database, effects }, { sweepId, archived }) {
    await archiveSweep(database, sweepId, archived);
    effects.changed([sweepId]);
    return {};
  },
};
