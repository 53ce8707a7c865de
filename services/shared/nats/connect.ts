import { connect, type NatsConnection } from 'nats';
import { SigmasweepError } from '../errors.js';
import { redact } from '../log.js';
import { securityOptions, type NatsFiles } from './credentials.js';
import { inboxPrefixOf } from './roles.js';

/** A NATS connection, for those who only pass it on. */
export type Connection = NatsConnection;

/** Whether a request failed because the server was away or busy, and not because of what it has or lacks. */
export function isAbsence(error: unknown): boolean {
  return codesOf(error).some((code) => code === 'TIMEOUT' || code === 'DISCONNECT');
}

/** What went wrong, by the code of nats.js, Node.js or OpenSSL; anything else means that nobody answered. */
const refusals: readonly {
  readonly codes: RegExp;
  readonly code: string;
  readonly says: string;
  readonly hint: string;
}[] = [
  {
    codes: /^(AUTHORIZATION_VIOLATION|AUTHENTICATION_EXPIRED|AUTHENTICATION_TIMEOUT|BAD_AUTHENTICATION|BAD_CREDS)$/,
    code: 'NATS_REFUSED',
    says: 'does not let this client in',
    hint: 'Check user and password, or the token, in NATS_URL, or the files that NATS_CREDS or NATS_NKEY name.',
  },
  {
    codes: /CERT|UNABLE_TO_|ALTNAME/,
    code: 'NATS_UNTRUSTED',
    says: 'has a certificate that is not trusted',
    hint: 'Let NATS_CA name the certificate of the authority that signed it, and use a host name that it is made for.',
  },
  {
    codes: /^SERVER_OPT_NA$/,
    code: 'NATS_UNTRUSTED',
    says: 'does not encrypt its connections',
    hint: 'Give the server a certificate (tls in its configuration), or use nats:// in NATS_URL.',
  },
];

function codesOf(error: unknown): string[] {
  const { code, chainedError } = (error ?? {}) as { code?: unknown; chainedError?: unknown };
  return [...(typeof code === 'string' ? [code] : []), ...(chainedError === undefined ? [] : codesOf(chainedError))];
}

function connectionError(url: string, cause: unknown, files: NatsFiles): SigmasweepError {
  const codes = codesOf(cause);
  const found = refusals.find((one) => codes.some((code) => one.codes.test(code)));
  if (found !== undefined) {
    const message = `NATS at ${redact(url)} ${found.says}: ${String(cause)}`;
    return new SigmasweepError(found.code, message, { hint: found.hint, cause });
  }
  // A server that misses a client's certificate hangs up, and nats.js waits for it until its time is up.
  const mayMiss = url.startsWith('tls:') && files.NATS_CERT === undefined;
  const certificateHint = mayMiss ? ' If it asks clients for a certificate, let NATS_CERT and NATS_KEY name it.' : '';
  return new SigmasweepError('NATS_UNREACHABLE', `NATS at ${redact(url)} cannot be reached: ${String(cause)}`, {
    hint: `Check NATS_URL and that nats-server runs there with JetStream (nats-server -js).${certificateHint}`,
    cause,
  });
}

/**
 * Connects to NATS and keeps reconnecting for as long as the process lives.
 * @param url nats://token@host:port or nats://user:password@host:port; tls:// for an encrypted connection; several,
 * separated by commas, for a cluster: the first one's scheme and credentials are used for all
 * @param files certificates and credentials that are kept in files
 * @throws SigmasweepError when the first connection cannot be made: NATS_UNREACHABLE when nobody answers, NATS_REFUSED
 * when the server does not let this client in, NATS_UNTRUSTED when the server is not known, NATS_FILE for `files`
 */
export async function connectNats(url: string, name: string, files: NatsFiles = {}): Promise<NatsConnection> {
  const servers = url.split(',').map((part) => part.trim());
  const first = new URL(servers[0] ?? url);
  const security = securityOptions(first, files);
  // Roles are kept apart by the beginning of their inboxes; it is one token of a subject.
  const user = decodeURIComponent(first.username);
  const inbox = first.password !== '' && /^[\w-]+$/.test(user) ? { inboxPrefix: inboxPrefixOf(user) } : {};
  try {
    return await connect({
      servers: servers.map((server) => new URL(server).host),
      name,
      ...security,
      ...inbox,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      pingInterval: 10_000,
      timeout: 10_000,
      // Otherwise each request takes a stack trace along for the error that it may end with, which costs more than the rest of it.
      noAsyncTraces: true,
    });
  } catch (cause) {
    throw connectionError(url, cause, files);
  }
}
