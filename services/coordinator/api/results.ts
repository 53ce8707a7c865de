import { readSweepResults } from '../store/read-results.js';
import { smallRequest, type Handler } from './handler.js';

/** What the comparison of a sweep is made from. */
export const results: Handler<'results'> = {
  lane: 'read',
  largestRequest: smallRequest,
  handle: ({ database }, { sweepId }) => readSweepResults(database, sweepId),
};
