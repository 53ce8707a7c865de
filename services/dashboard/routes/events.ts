import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { currentIdentity } from '../access/identity.js';
import type { Dependencies } from '../dependencies.js';
import { everySweep } from '../live/live-changes.js';
import { readId } from './parameters.js';

/** Proxies close connections that say nothing, most of them after a minute. */
const heartbeatMs = 15_000;
/** How long a browser waits before it connects again, told to it. */
const reconnectMs = 1_500;

/** Server-sent events: `change` when what a page shows has changed. The page then fetches its parts again. */
export function eventRoutes({ live, access }: Pick<Dependencies, 'live' | 'access'>): Hono {
  const app = new Hono();
  app.get('/events', (context) => {
    const asked = context.req.query('sweep');
    const topic = asked === undefined ? everySweep : readId(asked);
    if (topic === undefined) return context.notFound();
    const identity = currentIdentity();
    const close = access.streams.open(identity?.address ?? '');
    if (close === undefined) {
      context.header('Retry-After', '30');
      return context.text('Too many event streams are open.', 429);
    }
    const life = Math.min(access.streamLife, (identity?.until ?? Infinity) - Date.now());
    // Nginx would otherwise hold events back to fill its buffer.
    context.header('X-Accel-Buffering', 'no');
    return streamSSE(context, async (stream) => {
      await stream.write(`retry: ${reconnectMs}\n\n`);
      let writing = false;
      let missed = false;
      // A browser that reads slowly gets one event for all changes meanwhile, so that nothing piles up here.
      const send = async (): Promise<void> => {
        missed = true;
        if (writing) return;
        writing = true;
        while (missed) {
          missed = false;
          await stream.writeSSE({ event: 'change', data: topic });
        }
        writing = false;
      };
      await new Promise<void>((resolve) => {
        const unwatch = live.watch(topic, { changed: () => void send(), closed: resolve });
        // To one that does not read, nothing more is written: it would pile up here.
        let resting = true;
        const heartbeat = setInterval(() => {
          if (writing || !resting) return;
          resting = false;
          void stream.write(': here\n\n').then(() => (resting = true));
        }, heartbeatMs);
        // A stream has an end, as its session has; the page opens the next.
        const end = setTimeout(resolve, life);
        stream.onAbort(resolve);
        stream.onAbort(() => {
          unwatch();
          close();
          clearInterval(heartbeat);
          clearTimeout(end);
        });
      });
      // Reached by both ways out: a browser that left, and the shutdown.
      stream.abort();
    });
  });
  return app;
}
