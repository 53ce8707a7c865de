import { readOwnWorkloads } from '../store/read-own-workloads.js';
import { smallRequest, type Handler } from './handler.js';

/** What workers have told of the workloads that they brought along. */
export const workloads: Handler<'workloads'> = {
  lane: 'read',
  largestRequest: smallRequest,
  async handle({ database }) {
    return { workloads: [...(await readOwnWorkloads(database, { workload: 'own' })).values()] };
  },
};
