import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../shared/config.js';
import type { Terminal } from '../verbs/verb.js';
import { checkNats } from './nats-check.js';
import { natsSources, provideNatsServer, type NatsPlaces } from './nats-provision.js';
import { startNats } from './nats.js';
import { startPostgres } from './postgres.js';
import type { Addresses } from './service-plan.js';
import { defaultCacheFolder, type StateFolder } from './state-folder.js';
import type { Supervised } from './supervise.js';
import { noteWhenUp } from './note-when-up.js';

/** The servers' names as processes. */
export const serverNames: readonly string[] = ['PostgreSQL', 'nats-server'];

/** A server of this machine; `adopted` when it ran before. */
export interface StartedServer extends Supervised {
  readonly adopted: boolean;
}

/** Both servers' addresses; `servers` are those that run here, in the order of starting. */
export interface StartedServers {
  readonly addresses: Addresses;
  readonly servers: readonly StartedServer[];
}

/** Where nats-server is looked for, and where a downloaded one is kept. */
export function natsPlaces(config: Config<'cli'>, state: StateFolder): NatsPlaces {
  const shared = join(defaultCacheFolder(config.HOME ?? homedir(), config), 'nats-server');
  // Accounts without a home folder of their own keep it with the rest.
  return { path: config.PATH, caches: [shared, join(state.root, 'nats-server')] };
}

/**
 * Starts PostgreSQL and nats-server at the same time, or takes over those that run. One for which an address is given in
 * DATABASE_URL or NATS_URL is not started.
 * @throws what the first to fail throws; the other one is stopped then, if it was started here
 */
export async function startServers(terminal: Terminal, state: StateFolder): Promise<StartedServers> {
  const { DATABASE_URL: databaseUrl, NATS_URL: natsUrl } = terminal.config;
  const provide = () =>
    provideNatsServer(natsSources(natsPlaces(terminal.config, state)), (what) => terminal.note(`${what} …`));
  const [postgres, nats] = await Promise.allSettled([
    databaseUrl === undefined ? noteWhenUp(terminal, 'PostgreSQL', () => startPostgres({ state })) : undefined,
    natsUrl === undefined
      ? noteWhenUp(terminal, 'nats-server', () => startNats({ state, provide }))
      : checkNats(natsUrl, terminal.config),
  ]);
  const ownPostgres = postgres.status === 'fulfilled' ? postgres.value : undefined;
  const ownNats = nats.status === 'fulfilled' && 'stop' in nats.value ? nats.value : undefined;
  const servers = [ownPostgres, ownNats].filter((server) => server !== undefined);
  for (const { status, reason } of [postgres, nats] as readonly Partial<PromiseRejectedResult>[]) {
    if (status !== 'rejected') continue;
    await Promise.allSettled(servers.filter(({ adopted }) => !adopted).map((server) => server.stop()));
    throw reason;
  }
  return {
    addresses: { databaseUrl: ownPostgres?.url ?? databaseUrl ?? '', natsUrl: ownNats?.url ?? natsUrl ?? '' },
    servers,
  };
}
