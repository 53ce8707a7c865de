import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { SigmasweepError } from '../../shared/errors.js';
import { apiBase } from '../api/errors.js';
import type { Access } from './access.js';
import { checkPaths, loginPath, tooMany } from './guard.js';
import type { AccessVariables } from './identity.js';
import { isChange } from './same-origin.js';

/** A spec's text may have 1 MB; a form's encoding can triple it. */
const largestSpec = 3_200_000;
/** Everything else is a few fields. */
const largestOther = 64 * 1024;

/** Paths that take a spec. */
const specPaths = new Set(['/launch', `${apiBase}/sweeps`, ...checkPaths]);

/** Refuses bodies that are larger than what their address takes, before they are read whole. */
export const limitedBody: MiddlewareHandler = (context, next) => {
  const takesSpec = specPaths.has(context.req.path);
  const limit = bodyLimit({
    maxSize: takesSpec ? largestSpec : largestOther,
    onError: () => {
      throw new SigmasweepError('REQUEST_TOO_LARGE', 'This is more than is taken at this address.', {
        hint: takesSpec ? 'A spec may have 1,000,000 bytes; write a grid as values or as a simplex.' : 'Send less.',
      });
    },
  });
  return limit(context, next);
};

/** Refuses changes and checks that come faster than a person makes them. */
export function limitedRate({ changes, checks }: Access): MiddlewareHandler<{ Variables: Partial<AccessVariables> }> {
  return async (context: Context<{ Variables: Partial<AccessVariables> }>, next) => {
    const { method, path } = context.req;
    const address = context.var.identity?.address;
    if (!isChange(method) || path === loginPath || address === undefined) return next();
    const limiter = checkPaths.includes(path) ? checks : changes;
    const wait = limiter.wait(address);
    if (wait > 0) return tooMany(context, wait);
    limiter.take(address);
    return next();
  };
}
