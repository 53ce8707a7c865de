import type { Context, MiddlewareHandler } from 'hono';
import { currentIdentity } from '../access/identity.js';
import { everySweep, type LiveChanges } from './live-changes.js';
import { SharedAnswer, SharedAnswers } from './shared-answers.js';

/** What open pages fetch again after each change. */
const part = /^\/(?:sweeps\/([\w-]+)\/|trials\/[\w-]+\/)?(?:fragment\/[\w-]+(?:\/[\w-]+)?|charts\.json)$/;

/**
 * The topic whose changes a part of a page shows; undefined for other addresses.
 * @param path without the query
 */
export function topicOfPart(path: string): string | undefined {
  const match = part.exec(path);
  // A trial's parts tell of nothing but its sweep, which its address does not name.
  return match === null ? undefined : (match[1] ?? everySweep);
}

/**
 * Answers the parts of pages once for all who may see the same: fifty open pages of a sweep ask for the same parts
 * after each change. A browser that has a part already is told so.
 */
export function shareParts(live: LiveChanges): MiddlewareHandler {
  const answers = new SharedAnswers();
  return async (context, next) => {
    const topic = context.req.method === 'GET' ? topicOfPart(context.req.path) : undefined;
    if (topic === undefined) return next();
    const { pathname, search } = new URL(context.req.url);
    const mine = { asked: false };
    const answer = await answers.read(
      `${currentIdentity()?.role ?? ''} ${pathname}${search}`,
      live.version(topic),
      async () => {
        mine.asked = true;
        const begin = performance.now();
        await next();
        live.took(topic, performance.now() - begin);
        if (context.res.status !== 200) return undefined;
        return new SharedAnswer(await context.res.text(), context.res.headers.get('Content-Type') ?? 'text/html');
      },
    );
    if (answer === undefined) return mine.asked ? undefined : next();
    const response = await respond(context, answer);
    context.res = undefined;
    context.res = response;
  };
}

/** An answer as the browser takes it: not at all where it has it already, compressed where it can be. */
export async function respond({ req }: Context, answer: SharedAnswer): Promise<Response> {
  const headers = {
    ETag: answer.etag,
    // Kept by the browser, but asked about each time.
    'Cache-Control': 'private, no-cache',
    Vary: 'Accept-Encoding',
  };
  if (req.header('If-None-Match') === answer.etag) return new Response(null, { status: 304, headers });
  const whole = { ...headers, 'Content-Type': answer.contentType };
  if (!/\bgzip\b/.test(req.header('Accept-Encoding') ?? '')) return new Response(answer.text, { headers: whole });
  return new Response(await answer.small(), { headers: { ...whole, 'Content-Encoding': 'gzip' } });
}
