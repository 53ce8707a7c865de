import type { NatsConnection } from 'nats';
import type { Database } from '../../shared/db/connect.js';
import type { Logger } from '../../shared/log.js';
import { workerPresence, type WorkerPresence } from '../../shared/messages/workers.js';
import { subjects } from '../../shared/nats-names.js';
import { recordPresence } from '../store/record-presence.js';
import { isDataFault } from '../store/sql-state.js';
import { createLoop, type Loop } from './loop.js';

const everyMs = 1_000;
/** Workers whose word waits to be written; more than that only a flood brings. */
const waitingAtMost = 10_000;

function readPresence(data: Uint8Array): WorkerPresence | undefined {
  try {
    return workerPresence.safeParse(JSON.parse(new TextDecoder().decode(data))).data;
  } catch {
    return undefined;
  }
}

/**
 * Writes down which workers there are. Of what a worker says within a second the last word counts. Several coordinators
 * share the messages.
 */
export function createPresence(database: Database, connection: NatsConnection, logger: Logger): Loop {
  const latest = new Map<string, WorkerPresence>();
  const subscription = connection.subscribe(subjects.presence, {
    queue: 'coordinator',
    callback: (error, message) => {
      const presence = error === null ? readPresence(message.data) : undefined;
      if (presence === undefined) {
        logger.warn({ bytes: message.data.byteLength }, 'a presence message cannot be understood');
      } else if (latest.size < waitingAtMost || latest.has(presence.workerId)) {
        latest.set(presence.workerId, presence);
      }
    },
  });
  const writeDown = async (): Promise<void> => {
    for (const [workerId, presence] of [...latest]) {
      try {
        await recordPresence(database, presence);
      } catch (error) {
        // What the database will never take must not keep the words of the other workers waiting.
        if (!isDataFault(error)) throw error;
        logger.warn({ workerId, err: error }, 'the database refuses a presence message');
      }
      // A newer word that came meanwhile stays for the next pass; so does everything while the database is away.
      if (latest.get(workerId) === presence) latest.delete(workerId);
    }
  };
  const loop = createLoop({
    name: 'presence',
    logger,
    everyMs,
    pass: async () => {
      await writeDown();
      return 'done';
    },
  });
  return {
    ...loop,
    stop: async () => {
      // Workers of this machine stop just before the coordinator: their last word is that they are gone.
      await subscription.drain().catch(() => undefined);
      await loop.stop();
      await writeDown().catch((error: unknown) => logger.warn({ error: String(error) }, 'presence was not written'));
    },
  };
}
