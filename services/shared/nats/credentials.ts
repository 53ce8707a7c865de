import { readFileSync } from 'node:fs';
import { credsAuthenticator, nkeyAuthenticator, type ConnectionOptions } from 'nats';
import { SigmasweepError } from '../errors.js';

/** Files that a connection to NATS needs besides its address, by the settings that name them. */
export interface NatsFiles {
  readonly NATS_CA?: string | undefined;
  readonly NATS_CERT?: string | undefined;
  readonly NATS_KEY?: string | undefined;
  readonly NATS_CREDS?: string | undefined;
  readonly NATS_NKEY?: string | undefined;
}

/** Settings that lead to secrets of NATS: nothing that a trial runs is given them. */
export const natsSecrets = ['NATS_URL', 'NATS_KEY', 'NATS_CREDS', 'NATS_NKEY'] as const;

function readSetting(files: NatsFiles, setting: keyof NatsFiles): Buffer | undefined {
  const path = files[setting];
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SigmasweepError('NATS_FILE', `${setting} names ${path}, which cannot be read: ${String(cause)}`, {
      hint: `Let ${setting} name a file that this account can read, by its whole path.`,
      cause,
    });
  }
}

function credentialsOf(address: URL, files: NatsFiles): ConnectionOptions {
  const user = decodeURIComponent(address.username);
  const password = decodeURIComponent(address.password);
  // nats.js takes credentials as options and refuses them inside the URL.
  if (user !== '') return password === '' ? { token: user } : { user, pass: password };
  const creds = readSetting(files, 'NATS_CREDS');
  if (creds !== undefined) return { authenticator: credsAuthenticator(creds) };
  const seed = readSetting(files, 'NATS_NKEY');
  if (seed === undefined) return {};
  return { authenticator: nkeyAuthenticator(new TextEncoder().encode(seed.toString('utf8').trim())) };
}

function tlsOf(files: NatsFiles): NonNullable<ConnectionOptions['tls']> {
  const [ca, cert, key] = (['NATS_CA', 'NATS_CERT', 'NATS_KEY'] as const).map((name) =>
    readSetting(files, name)?.toString('utf8'),
  );
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/**
 * How a client shows who it is, and how it knows the server. Credentials in the address come before those in files: the
 * nats-server that a command starts itself has its own.
 * @param address tls:// for an encrypted connection; otherwise the server decides, and the files of TLS are left alone
 * @throws SigmasweepError NATS_FILE when a file cannot be read
 */
export function securityOptions(address: URL, files: NatsFiles): ConnectionOptions {
  return {
    ...credentialsOf(address, files),
    ...(address.protocol === 'tls:' ? { tls: tlsOf(files) } : {}),
  };
}
