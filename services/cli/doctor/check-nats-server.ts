import type { NatsFiles } from '../../shared/nats/credentials.js';
import { checkNats } from '../stack/nats-check.js';
import { presentSources, provideNatsServer, type NatsPlaces } from '../stack/nats-provision.js';
import { formatNatsVersion } from '../stack/nats-version.js';
import { findingOfError, type Finding } from './finding.js';

const topic = 'nats-server';
const wantedPayload = 8 * 1024 * 1024;

/** Whether a NATS server can be used: the one of an address, or one that can be started here. */
export async function checkNatsServer(
  url: string | undefined,
  given: boolean,
  places: NatsPlaces,
  files: NatsFiles,
): Promise<Finding> {
  if (url !== undefined) return checkAddress(url, given, files);
  try {
    const { path, version, source } = await provideNatsServer(presentSources(places));
    return {
      topic,
      state: 'ok',
      found: `${formatNatsVersion(version)} at ${path} (${source}); \`run\` and \`up\` start it`,
    };
  } catch {
    return {
      topic,
      state: 'note',
      found: 'not on this machine yet; `run` and `up` fetch it: the official release, else the distribution’s package',
      hint: 'Behind a closed network install it first, or set NATS_URL to a running server.',
    };
  }
}

async function checkAddress(url: string, given: boolean, files: NatsFiles): Promise<Finding> {
  try {
    const { version, maxPayload } = await checkNats(url, files);
    const small = maxPayload < wantedPayload;
    return {
      topic,
      state: small ? 'note' : 'ok',
      found: `${version} with JetStream (${given ? 'NATS_URL' : 'running'}), messages up to ${Math.floor(maxPayload / 1024)} KiB`,
      hint: small ? 'Set max_payload: 8MB in its configuration if pictures of trials are refused.' : undefined,
    };
  } catch (error) {
    return findingOfError(topic, error);
  }
}
