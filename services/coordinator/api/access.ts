import { smallRequest, type Handler } from './handler.js';

/** Somebody logged in or out at a dashboard: nothing is done but that it is written down. */
export const access: Handler<'access'> = {
  lane: 'write',
  largestRequest: smallRequest,
  handle: () => Promise.resolve({}),
};
