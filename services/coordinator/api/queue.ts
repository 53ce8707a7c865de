import { readQueue } from '../store/read-queue.js';
import { smallRequest, type Handler } from './handler.js';

/** What waits, and for what. */
export const queue: Handler<'queue'> = {
  lane: 'read',
  largestRequest: smallRequest,
  handle: async ({ database }, { sweepId }) => ({ sweeps: await readQueue(database, sweepId) }),
};
