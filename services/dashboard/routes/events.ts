import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Dependencies } from '../dependencies.js';
import { everySweep } from '../live/live-changes.js';
import { readId } from './parameters.js';

/** Proxies close connections that say nothing, most of them after a minute. */
const heartbeatMs = 15_000;
/** How long a browser waits before it connects again, told to it. */
const reconnectMs = 1_500;

/** Server-sent events: `change` when what a page shows has changed. The page then fetches its parts again. */
export function eventRoutes({ live }: Dependencies): Hono {
  const app = new Hono();
  app.get('/events', (context) => {
    const asked = context.req.query('sweep');
    const topic = asked === undefined ? everySweep : readId(asked);
    if (topic === undefined) return context.notFound();
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
        const heartbeat = setInterval(() => void stream.write(': here\n\n'), heartbeatMs);
        stream.onAbort(resolve);
        stream.onAbort(() => {
          unwatch();
          clearInterval(heartbeat);
        });
      });
      // Reached by both ways out: a browser that left, and the shutdown.
      stream.abort();
    });
  });
  return app;
}
