import { loopback } from './ports.js';
import type { NatsVersion } from './nats-version.js';

/** What one start of nats-server is told. */
export interface NatsSettings {
  readonly port: number;
  readonly token: string;
  /** Folder of the JetStream store. */
  readonly store: string;
  readonly pidFile: string;
  readonly version: NatsVersion;
  /** Whether stored messages reach the disk soon; off, only for tests. */
  readonly fsync: boolean;
}

/** Largest message: the pictures of a trial travel in one. */
const maxPayload = '8MB';

/** nats-server reads the same escapes in double quotes as JSON has for quotes and backslashes. */
const quote = (text: string) => JSON.stringify(text);

/** The configuration file of a server that only this machine reaches, with a token. */
export function natsConfig(settings: NatsSettings): string {
  const { major, minor } = settings.version;
  // JetStream acknowledges before it writes to disk; older versions can't be told to hurry.
  const syncs = (major > 2 || minor >= 10) && settings.fsync;
  return [
    '# Written by sigmasweep at each start; changes are lost.',
    `listen: "${loopback}:${settings.port}"`,
    'server_name: sigmasweep',
    `pid_file: ${quote(settings.pidFile)}`,
    `max_payload: ${maxPayload}`,
    'logtime: true',
    'authorization {',
    `  token: ${quote(settings.token)}`,
    '}',
    'jetstream {',
    `  store_dir: ${quote(settings.store)}`,
    ...(syncs ? ['  sync_interval: "5s"'] : []),
    '}',
    '',
  ].join('\n');
}
