import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { apiBase, errorAnswer, isOfApi, refusal } from '../api/errors.js';
import type { Assets } from '../assets.js';
import { MessagePage } from '../views/message.js';
import type { AccessVariables, Identity } from './identity.js';
import { RateLimiter, type AccessLimits } from './limits.js';
import { isChange } from './same-origin.js';
import { isOpen, roleOfSecret, type AccessSettings } from './secrets.js';
import type { Sessions } from './session.js';
import { isLoopback } from './token.js';

/** Load balancers and process supervisors ask this without a password; it tells nothing. */
export const healthPath = '/healthz';
export const loginPath = '/login';
export const logoutPath = '/logout';
/** A check changes nothing, although it is posted. */
export const checkPaths: readonly string[] = ['/launch/check', `${apiBase}/specs/check`];

type GuardContext = Context<{ Variables: AccessVariables }>;

/** The address of the client, through as many proxies as are believed. */
export function clientAddress(context: Context, proxies: number): string {
  const direct = getConnInfo(context).remote.address ?? 'unknown';
  if (proxies === 0) return direct;
  const hops = (context.req.header('x-forwarded-for') ?? '').split(',').map((hop) => hop.trim());
  return hops.at(-proxies) || direct;
}

/** Counts wrong secrets, of one address and of all. */
export class LoginAttempts {
  readonly #own: RateLimiter;
  readonly #all: RateLimiter;

  constructor({ login, allLogins }: Pick<AccessLimits, 'login' | 'allLogins'>) {
    this.#own = new RateLimiter(login);
    this.#all = new RateLimiter(allLogins);
  }

  /** Seconds for which no secret of this address is looked at. */
  wait(address: string): number {
    return Math.max(this.#own.wait(address), this.#all.wait(''));
  }

  failed(address: string): void {
    this.#own.take(address);
    this.#all.take('');
  }
}

export interface GuardOptions {
  readonly settings: AccessSettings;
  readonly sessions: Sessions;
  readonly attempts: LoginAttempts;
  readonly assets: Assets;
}

/** The secret of a request's header: `Bearer SECRET`, or Basic with any name and the secret as the password. */
function headerSecret(header: string | undefined): string | undefined {
  // A secret may hold blanks.
  const [, scheme = '', value = ''] = /^(\S+) +(.*)$/.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const text = Buffer.from(value, 'base64').toString();
  return text.slice(text.indexOf(':') + 1);
}

/**
 * Lets a request in and notes who sent it. With a secret: a session's cookie, or the secret in a header. Without one the
 * dashboard is bound to loopback, and the request must also be addressed there: otherwise a web page elsewhere could point
 * its own host name at 127.0.0.1 and read everything (DNS rebinding).
 */
export function guard(options: GuardOptions): MiddlewareHandler<{ Variables: AccessVariables }> {
  const { settings, sessions, attempts } = options;
  const identityOf = (context: GuardContext, address: string): Identity | Response => {
    const session = sessions.read(getCookie(context, sessions.cookieName));
    if (session !== undefined) {
      const { role, name, until } = session;
      return { role, name, address, via: 'session', until };
    }
    const secret = headerSecret(context.req.header('authorization'));
    if (secret === undefined) return unknownSender(context, options);
    const wait = attempts.wait(address);
    if (wait > 0) return tooMany(context, wait);
    const role = roleOfSecret(secret, settings);
    if (role !== undefined) return { role, name: undefined, address, via: 'token', until: undefined };
    attempts.failed(address);
    return refuse(context);
  };

  return async (context, next) => {
    const { path } = context.req;
    if (path === healthPath) return next();
    const address = clientAddress(context, settings.proxies);
    if (isOpen(settings)) {
      if (!isLoopback(new URL(context.req.url).hostname)) {
        return refusal(context, 'NOT_ALLOWED', 'This dashboard answers on localhost only.');
      }
      context.set('identity', { role: 'operate', name: undefined, address, via: 'open', until: undefined });
      return next();
    }
    // The login page and its style tell nothing of the sweeps.
    if (path === loginPath || path.startsWith('/assets/')) return next();
    const identity = identityOf(context, address);
    if (identity instanceof Response) return identity;
    context.set('identity', identity);
    const free = path === logoutPath || checkPaths.includes(path);
    if (isChange(context.req.method) && !free && identity.role !== 'operate') {
      return refusal(context, 'NOT_ALLOWED', 'This secret lets you look, not change anything.');
    }
    return next();
  };
}

export function tooMany(context: Context, seconds: number): Response {
  context.header('Retry-After', String(seconds));
  return refusal(context, 'TOO_MANY_REQUESTS', `Too many attempts. Try again in ${String(seconds)} seconds.`);
}

function refuse(context: Context): Response {
  // Not Basic: a browser would ask in a dialog of its own instead of showing the login page.
  context.header('WWW-Authenticate', 'Bearer realm="sigmasweep"');
  return errorAnswer(context, {
    code: 'NOT_AUTHENTICATED',
    message: 'Log in, or send the secret as a bearer token.',
    hint: 'Authorization: Bearer SECRET, with the value of SIGMASWEEP_TOKEN or SIGMASWEEP_VIEW_TOKEN.',
  });
}

/** A person goes to the login page and back; a script is told that it is not known. */
function unknownSender(context: Context, { assets }: GuardOptions): Response {
  const { path, url, method } = context.req;
  const isPage = method === 'GET' && (context.req.header('accept') ?? '').includes('text/html');
  const isPart = isOfApi(context) || path.includes('/fragment/') || path === '/events';
  if (!isPage || isPart) return refuse(context);
  const { pathname, search } = new URL(url);
  // The cookie is not sent when a link elsewhere leads here. The page asks for itself once more, and then it is.
  if (context.req.header('sec-fetch-site') === 'cross-site') {
    return context.html(
      <MessagePage
        assets={assets}
        title="Opening"
        text="One moment."
        back={{ href: pathname + search, label: 'Open' }}
        retryAfter={0}
      />,
    ) as Response;
  }
  return context.redirect(`${loginPath}?next=${encodeURIComponent(pathname + search)}`, 303);
}
