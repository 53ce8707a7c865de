import { listSweeps } from '../store/list-sweeps.js';
import { smallRequest, type Handler } from './handler.js';

/** The newest sweeps. */
export const list: Handler<'list'> = {
  lane: 'read',
  largestRequest: smallRequest,
  async handle({ database }, { limit }) {
    return { sweeps: await listSweeps(database, limit) };
  },
};
