import { Hono } from 'hono';
import { currentIdentity } from '../access/identity.js';
import type { LiveChanges } from '../live/live-changes.js';
import type { PartAnswer, PartsAnswer } from '../live/parts-answer.js';
import { respond, topicOfPart } from '../live/share-parts.js';
import { SharedAnswer, SharedAnswers } from '../live/shared-answers.js';

/** A page has four or five parts. */
const mostParts = 16;
/** What SharedAnswer calls an answer; anything else must not get into a header. */
const knownTag = /^W\/"[\w-]+"$/;

interface Wanted {
  readonly url: URL;
  readonly topic: string;
  /** Of what the page has of it. */
  readonly tag: string | undefined;
}

/** Reads `of=PART&has=TAG&of=PART&has=TAG…`; undefined where something is asked for that is not a part of a page. */
function readWanted(address: string): readonly Wanted[] | undefined {
  const { searchParams, origin } = new URL(address);
  const parts = searchParams.getAll('of');
  const tags = searchParams.getAll('has');
  if (parts.length === 0 || parts.length > mostParts) return undefined;
  const wanted: Wanted[] = [];
  for (const [index, part] of parts.entries()) {
    if (!URL.canParse(part, origin)) return undefined;
    const url = new URL(part, origin);
    const topic = url.origin === origin ? topicOfPart(url.pathname) : undefined;
    if (topic === undefined) return undefined;
    const tag = tags[index];
    wanted.push({ url, topic, tag: tag !== undefined && knownTag.test(tag) ? tag : undefined });
  }
  return wanted;
}

/**
 * The parts of a page in one request: those that have changed since the page got them. After a change every open page
 * of a sweep asks for the same, so that the answer is made and compressed once.
 * @param ask answers a request as if it had come from outside: each part is as it is at its own address, checks included
 */
export function partRoutes(
  live: LiveChanges,
  ask: (request: Request, env: unknown) => Promise<Response> | Response,
): Hono {
  const app = new Hono();
  const answers = new SharedAnswers();
  app.get('/parts', async (context) => {
    const wanted = readWanted(context.req.url);
    if (wanted === undefined) return context.text('These are not parts of a page.', 400);
    const topics = [...new Set(wanted.map(({ topic }) => topic))];

    const partOf = async ({ url, tag }: Wanted): Promise<PartAnswer> => {
      const headers = new Headers(context.req.header());
      headers.delete('Accept-Encoding');
      headers.delete('If-None-Match');
      if (tag !== undefined) headers.set('If-None-Match', tag);
      const response = await ask(new Request(url, { headers }), context.env);
      const { status } = response;
      if (status !== 200) return { status };
      return { status, tag: response.headers.get('ETag') ?? '', text: await response.text() };
    };
    const answer = await answers.read(
      `${currentIdentity()?.role ?? ''} ${new URL(context.req.url).search}`,
      // Each of them only ever grows.
      topics.reduce((sum, topic) => sum + live.version(topic), 0),
      async () => {
        const parts: PartsAnswer = await Promise.all(wanted.map(partOf));
        return new SharedAnswer(JSON.stringify(parts), 'application/json');
      },
    );
    return answer === undefined ? context.notFound() : respond(context, answer);
  });
  return app;
}
