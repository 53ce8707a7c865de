import type { NatsConnection } from 'nats';
import type { Database } from '../../shared/db/connect.js';
import type { Logger } from '../../shared/log.js';
import { streams } from '../../shared/nats-names.js';
import { countRings, ensureStreams, type StreamLimits } from '../../shared/nats/streams.js';
import { prune } from '../store/prune.js';
import { ringAgain } from '../store/ring-again.js';
import type { Effects } from './effects.js';
import { createLoop, type Loop } from './loop.js';

const everyMs = 5_000;
const pruneEveryMs = 60_000;
/** A ring sent less long ago may have reached the stream after its rings were counted, in seconds. */
const ringAgeSeconds = 3;

/**
 * Brings the streams in line with the database: makes them where they are missing, and rings queued trials again whose
 * rings are gone.
 */
export function createReconciler(
  database: Database,
  connection: NatsConnection,
  effects: Effects,
  limits: StreamLimits,
  logger: Logger,
): Loop {
  let prunedAt = -Infinity;
  let ringsLost = false;
  return createLoop({
    name: 'reconciler',
    logger,
    everyMs,
    pass: async () => {
      const made = await ensureStreams(connection, limits);
      if (made.length > 0) logger.warn({ streams: made }, 'streams were missing and were made');
      // A stream made just now holds no ring at all, not even a young one. A pass that fails hereafter must not forget it.
      ringsLost ||= made.includes(streams.trials.name);
      const rung = await ringAgain(database, await countRings(connection), ringsLost ? 0 : ringAgeSeconds);
      ringsLost = false;
      if (rung > 0) {
        logger.warn({ trials: rung }, 'queued trials are rung again: their rings were lost');
        effects.ring();
      }
      if (performance.now() - prunedAt > pruneEveryMs) {
        await prune(database);
        prunedAt = performance.now();
      }
      return 'done';
    },
  });
}
