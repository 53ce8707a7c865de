import { annotate as annotateTarget } from '../store/annotate.js';
import type { Handler } from './handler.js';

/** Writes notes and tags of a sweep or a trial. */
export const annotate: Handler<'annotate'> = {
  lane: 'write',
  largestRequest: 128 * 1024,
  async handle({ database, effects }, { sweepId, trialId, notes, tags }) {
    effects.changed([await annotateTarget(database, { sweepId, trialId }, { notes, tags })]);
    return {};
  },
};
