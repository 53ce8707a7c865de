import type { NatsConnection } from 'nats';
import type { Database } from '../../shared/db/connect.js';
import type { Logger } from '../../shared/log.js';
import { makeConsumerAnew, readConsumerStanding, type StreamKind } from '../../shared/nats/streams.js';
import { metrics } from '../metrics.js';
import { databaseTime } from '../store/clock.js';
import { ConsumerCheck, type CheckOptions } from './consumer-check.js';
import { createLoop, type Loop } from './loop.js';

const everyMs = 5_000;

/**
 * Makes a consumer anew that no longer fits its stream. The new one delivers everything that is in the stream once more,
 * in order: reports that are recorded already change nothing, and leave the stream then; rings find nothing to start.
 */
export function createConsumerMender(
  database: Database,
  connection: NatsConnection,
  logger: Logger,
  options: Pick<CheckOptions, 'patienceMs'> = {},
): Loop {
  const checks: Readonly<Record<StreamKind, ConsumerCheck>> = {
    trials: new ConsumerCheck({ ...options, prompt: false }),
    reports: new ConsumerCheck({ ...options, prompt: true }),
  };
  return createLoop({
    name: 'consumer-mender',
    logger,
    everyMs,
    pass: async () => {
      try {
        await databaseTime(database);
      } catch (error) {
        // While the database is away nothing can be recorded, and what is left behind is not the consumer's fault.
        for (const check of Object.values(checks)) check.forget();
        throw error;
      }
      for (const kind of ['reports', 'trials'] as const) {
        const standing = await readConsumerStanding(connection, kind);
        const fault = checks[kind].observe(performance.now(), standing);
        if (fault === undefined) continue;
        logger.warn({ stream: kind, fault, ...standing }, 'a consumer does not fit its stream and is made anew');
        await makeConsumerAnew(connection, kind);
        metrics.consumersMadeAnew.inc({ stream: kind });
      }
      return 'done';
    },
  });
}
