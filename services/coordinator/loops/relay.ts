import type { NatsConnection } from 'nats';
import type { Database } from '../../shared/db/connect.js';
import type { Logger } from '../../shared/log.js';
import { protocolVersion } from '../../shared/messages/common.js';
import type { TrialMessage } from '../../shared/messages/trials.js';
import { subjects } from '../../shared/nats-names.js';
import { releaseDue } from '../store/release-due.js';
import { relayRings, type PublishRings } from '../store/relay-rings.js';
import { createLoop, type Loop } from './loop.js';

/**
 * Rows that another coordinator committed, or that failed to be published, are found by looking; so are trials whose pause
 * between two attempts is over.
 */
const everyMs = 1_000;

/**
 * Publishes outbox rows to the stream TRIALS. The message id is made from the outbox row: published twice within the
 * stream's window, it is one message.
 */
export function createRelay(database: Database, connection: NatsConnection, logger: Logger): Loop {
  const jetstream = connection.jetstream();

  const publish: PublishRings = async (rings) => {
    const settled = await Promise.allSettled(
      rings.map(({ id, trialId, sweepId }) => {
        const message: TrialMessage = { v: protocolVersion, trialId, sweepId };
        return jetstream.publish(subjects.trial(sweepId), JSON.stringify(message), { msgID: `${trialId}-${id}` });
      }),
    );
    const failed = settled.find((one) => one.status === 'rejected');
    return {
      published: rings.filter((_, index) => settled[index]?.status === 'fulfilled'),
      error: failed?.reason as unknown,
    };
  };

  return createLoop({
    name: 'relay',
    logger,
    everyMs,
    pass: async () => {
      await releaseDue(database);
      const { published, more, error } = await relayRings(database, publish);
      if (published > 0) logger.debug({ published }, 'rings published');
      if (error !== undefined) throw error as Error;
      return more ? 'again' : 'done';
    },
  });
}
