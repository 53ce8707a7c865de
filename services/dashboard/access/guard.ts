import type { MiddlewareHandler } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import { isLoopback, isToken } from './token.js';

/** Load balancers and process supervisors ask this without a password; it tells nothing. */
export const healthPath = '/healthz';

/**
 * Lets a request in. With a token: HTTP Basic, any user name, the token as the password. Without one the dashboard is
 * bound to loopback, and the request must also be addressed there: otherwise a web page elsewhere could point its own
 * host name at 127.0.0.1 and read everything (DNS rebinding).
 */
export function guard(token: string | undefined): MiddlewareHandler {
  if (token !== undefined) {
    const authenticate = basicAuth({
      realm: 'sigmasweep',
      verifyUser: (_user, password) => isToken(password, token),
    });
    return (context, next) => (context.req.path === healthPath ? next() : authenticate(context, next));
  }
  return async (context, next) => {
    const { hostname } = new URL(context.req.url);
    if (!isLoopback(hostname)) return context.text('This dashboard answers on localhost only.', 403);
    return next();
  };
}
