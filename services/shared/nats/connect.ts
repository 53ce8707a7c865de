import { connect, type NatsConnection } from 'nats';
import { SigmasweepError } from '../errors.js';
import { redact } from '../log.js';
import { inboxPrefixOf } from './roles.js';

/** A NATS connection, for those who only pass it on. */
export type Connection = NatsConnection;

/**
 * Connects to NATS and keeps reconnecting for as long as the process lives.
 * @param url nats://token@host:port or nats://user:password@host:port; several, separated by commas, for a cluster
 * @throws SigmasweepError NATS_UNREACHABLE when the first connection cannot be made
 */
export async function connectNats(url: string, name: string): Promise<NatsConnection> {
  const servers = url.split(',').map((part) => part.trim());
  const first = new URL(servers[0] ?? url);
  const user = decodeURIComponent(first.username);
  const password = decodeURIComponent(first.password);
  // nats.js takes credentials as options and refuses them inside the URL.
  const credentials = user === '' ? {} : password === '' ? { token: user } : { user, pass: password };
  // Roles are kept apart by the beginning of their inboxes; it is one token of a subject.
  const inbox = password !== '' && /^[\w-]+$/.test(user) ? { inboxPrefix: inboxPrefixOf(user) } : {};
  const secure = first.protocol === 'tls:' ? { tls: {} } : {};
  try {
    return await connect({
      servers: servers.map((server) => new URL(server).host),
      name,
      ...credentials,
      ...inbox,
      ...secure,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      pingInterval: 10_000,
      timeout: 10_000,
      // Otherwise each request takes a stack trace along for the error that it may end with, which costs more than the rest of it.
      noAsyncTraces: true,
    });
  } catch (cause) {
    throw new SigmasweepError('NATS_UNREACHABLE', `NATS at ${redact(url)} cannot be reached: ${String(cause)}`, {
      hint: 'Check NATS_URL and that nats-server runs there with JetStream (nats-server -js).',
      cause,
    });
  }
}
