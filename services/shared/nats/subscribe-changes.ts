import type { NatsConnection } from 'nats';
import { changeMessage } from '../messages/workers.js';
import { subjects } from '../nats-names.js';

/**
 * Listens for the coordinator's notices that something of a sweep changed. Notices are core NATS: lost ones are not
 * sent again, so a listener that must not miss anything also looks by itself now and then.
 * @param onChange called with the sweep's id for every notice that can be understood
 * @returns a function that ends the subscription
 */
export function subscribeChanges(connection: NatsConnection, onChange: (sweepId: string) => void): () => void {
  const subscription = connection.subscribe(subjects.anyChange, {
    callback: (error, message) => {
      if (error !== null) return;
      const sweepId = readNotice(message.string());
      if (sweepId !== undefined) onChange(sweepId);
    },
  });
  return () => {
    subscription.unsubscribe();
  };
}

/** A garbled notice tells nothing and harms nothing: it is passed over. */
function readNotice(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = changeMessage.safeParse(value);
  return parsed.success ? parsed.data.sweepId : undefined;
}
