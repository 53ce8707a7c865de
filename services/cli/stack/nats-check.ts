import { SigmasweepError } from '../../shared/errors.js';
import { redact } from '../../shared/log.js';
import { connectNats } from '../../shared/nats/connect.js';
import type { NatsFiles } from '../../shared/nats/credentials.js';
import { compareNatsVersions, formatNatsVersion, oldestNatsVersion, parseNatsVersion } from './nats-version.js';

/** What a NATS server says of itself. */
export interface NatsFacts {
  readonly version: string;
  /** Largest message in bytes. */
  readonly maxPayload: number;
}

/**
 * Looks whether a NATS server can be used.
 * @throws SigmasweepError that of `connectNats`, NATS_TOO_OLD, NATS_WITHOUT_JETSTREAM
 */
export async function checkNats(url: string, files: NatsFiles): Promise<NatsFacts> {
  const connection = await connectNats(url, 'sigmasweep check', files);
  try {
    const version = connection.info?.version ?? '';
    const parsed = parseNatsVersion(version);
    if (parsed !== undefined && compareNatsVersions(parsed, oldestNatsVersion) < 0) {
      throw new SigmasweepError(
        'NATS_TOO_OLD',
        `NATS at ${redact(url)} is version ${version}, and ${formatNatsVersion(oldestNatsVersion)} or newer is needed.`,
        { hint: 'Update nats-server there, or unset NATS_URL to have one started here.' },
      );
    }
    await connection.jetstreamManager().catch((cause: unknown) => {
      throw new SigmasweepError('NATS_WITHOUT_JETSTREAM', `NATS at ${redact(url)} has no JetStream: ${String(cause)}`, {
        hint: 'Start it with nats-server --jetstream --store_dir FOLDER.',
        cause,
      });
    });
    return { version, maxPayload: connection.info?.max_payload ?? 0 };
  } finally {
    await connection.close();
  }
}
