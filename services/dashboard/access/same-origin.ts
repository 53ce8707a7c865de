import type { Context, MiddlewareHandler } from 'hono';
import { refusal } from '../api/errors.js';

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

export function isChange(method: string): boolean {
  return !reading.has(method);
}

/**
 * Whether a request that changes something comes from a page of this server, or from no page at all. Browsers say where a
 * request comes from in `Sec-Fetch-Site` or `Origin`; what says neither is a program, which can't be made to send another
 * person's cookie. A form's body without either is refused: an old browser's form may look like that. A secret in the
 * header is nothing that a browser sends by itself.
 */
export function isOwnRequest(context: Context): boolean {
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const origin = context.req.header('origin');
  if (origin !== undefined) return URL.canParse(origin) && new URL(origin).host === context.req.header('host');
  if (/^bearer /i.test(context.req.header('authorization') ?? '')) return true;
  const type = context.req.header('content-type') ?? '';
  return (
    context.req.method !== 'POST' ||
    !/^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b/i.test(type)
  );
}

/** Refuses what a page of another site makes a browser send. */
export const sameOrigin: MiddlewareHandler = async (context, next) => {
  if (isChange(context.req.method) && !isOwnRequest(context)) {
    return refusal(context, 'OTHER_ORIGIN', 'This request does not come from a page of this server.');
  }
  return next();
};
