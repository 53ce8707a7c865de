import type { Logger } from '../../shared/log.js';
import { controlMessage, type ControlMessage } from '../../shared/messages/workers.js';
import { subjects } from '../../shared/nats-names.js';
import type { NatsLink } from './link.js';

/**
 * Listens for what the coordinator tells this worker. Lost messages come again at the next report of the attempt.
 * @returns a function that ends the subscription
 */
export function subscribeControl(
  link: NatsLink,
  workerId: string,
  onControl: (message: ControlMessage) => void,
  logger: Logger,
): () => void {
  const subscription = link.connection.subscribe(subjects.control(workerId), {
    callback: (error, message) => {
      if (error !== null) {
        logger.error({ err: error }, 'control messages cannot be received');
        return;
      }
      const control = readControl(message.string());
      if (control === undefined) logger.warn('a control message cannot be understood and is passed over');
      else onControl(control);
    },
  });
  return () => {
    subscription.unsubscribe();
  };
}

function readControl(text: string): ControlMessage | undefined {
  try {
    return controlMessage.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
