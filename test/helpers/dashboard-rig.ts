import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createAccess } from '../../services/dashboard/access/access.js';
import { usualLimits, type AccessLimits } from '../../services/dashboard/access/limits.js';
import { createDashboard } from '../../services/dashboard/app.js';
import { readAssets } from '../../services/dashboard/assets.js';
import { commandsOver } from '../../services/dashboard/commands.js';
import type { CommandTarget, SweepCommands } from '../../services/dashboard/dependencies.js';
import { readExamples } from '../../services/dashboard/launch/examples.js';
import { listen } from '../../services/dashboard/listen.js';
import { everySweep, LiveChanges } from '../../services/dashboard/live/live-changes.js';
import { overviewFingerprint, sweepFingerprint } from '../../services/dashboard/queries/fingerprints.js';
import { connectDatabase } from '../../services/shared/db/connect.js';
import { SigmasweepError } from '../../services/shared/errors.js';
import { createLogger } from '../../services/shared/log.js';
import type { AccessEvent } from '../../services/shared/messages/commands.js';
import { protocolVersion } from '../../services/shared/messages/common.js';
import { subjects } from '../../services/shared/nats-names.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { subscribeChanges } from '../../services/shared/nats/subscribe-changes.js';
import type { SweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { startCoordinatorProcess } from './coordinator-process.js';
import { bundleBrowser } from '../../scripts/bundle-browser.js';
import { applyMigrations } from './seed-sweep.js';
import { startNats, startPostgres } from './servers.js';

export interface DashboardRig {
  /** Address of the dashboard. */
  readonly url: string;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  /** For writing rows as a recorder would. */
  readonly client: pg.Client;
  readonly live: LiveChanges;
  /** Every route of the application, as Hono writes them: `/sweeps/:id`. */
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  /** Commands that the dashboard has given. */
  readonly commands: { readonly name: NotedCommand; readonly target: CommandTarget }[];
  /** Specs that the dashboard has submitted, with their idempotency keys. */
  readonly submissions: { readonly spec: SweepSpec; readonly idempotencyKey: string }[];
  /** Logins and logouts that the dashboard has had written down. */
  readonly accessEvents: readonly AccessEvent[];
  /** Tells as the coordinator does after a commit. */
  publishChange(sweepId: string): Promise<void>;
  /** Stops PostgreSQL under the running dashboard. */
  stopDatabase(): Promise<void>;
  close(): Promise<void>;
}

type NotedCommand = 'cancel' | 'retry' | 'pause' | 'resume' | 'schedule';

/** What the commands answer in tests: a refusal for this sweep, otherwise this many trials. */
export const unreachableSweep = 'sweep-unreachable1';
export const touchedTrials = 3;
/** The sweep that every submission leads to; a test seeds it when it wants to see its page. */
export const submittedSweep = 'sweep-submitted1';

export interface DashboardRigOptions {
  readonly token?: string;
  readonly viewToken?: string;
  readonly pollEvery?: number;
  readonly limits?: Partial<AccessLimits>;
  /** A real coordinator carries commands out; otherwise they are only noted, and answered as the constants above say. */
  readonly coordinator?: boolean;
}

/** A dashboard over real servers: PostgreSQL with the project's tables, NATS, and the browser bundle as it is now. */
export async function startDashboardRig(options: DashboardRigOptions = {}): Promise<DashboardRig> {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-dashboard-'));
  const [postgres, nats] = await Promise.all([startPostgres(), startNats(), bundleBrowser(folder)]);
  const coordinator =
    options.coordinator === true
      ? await startCoordinatorProcess({ databaseUrl: postgres.url, natsUrl: nats.url })
      : undefined;
  if (coordinator === undefined) await applyMigrations(postgres.url);
  const client = new pg.Client({ connectionString: postgres.url });
  // Stopping the server ends this connection too; that is no fault of a test.
  client.on('error', () => undefined);
  await client.connect();
  const database = connectDatabase(postgres.url, 4);
  const connection = await connectNats(nats.url, 'dashboard-test');
  const live = new LiveChanges(
    (topic) => (topic === everySweep ? overviewFingerprint(database) : sweepFingerprint(database, topic)),
    { minGap: 100, pollEvery: options.pollEvery ?? 60_000 },
  );
  const unsubscribe = subscribeChanges(connection, (sweepId) => live.notice(sweepId));
  const commands: DashboardRig['commands'] = [];
  const accessEvents: AccessEvent[] = [];
  const submissions: DashboardRig['submissions'] = [];
  const refuse = (): Promise<never> => Promise.reject(new SigmasweepError('NOT_HERE', 'This rig has no coordinator.'));
  const command = (name: NotedCommand) => (target: CommandTarget) => {
    commands.push({ name, target });
    const refused = 'sweepId' in target && target.sweepId === unreachableSweep;
    if (!refused) return Promise.resolve(touchedTrials);
    return Promise.reject(
      new SigmasweepError('COORDINATOR_UNREACHABLE', 'No coordinator listens.', { hint: 'Start.' }),
    );
  };
  const noted: SweepCommands = {
    annotate: refuse,
    archive: refuse,
    delete: refuse,
    noteAccess: (event) => accessEvents.push(event),
    submit: (given) => {
      const created = submissions.every(({ idempotencyKey }) => idempotencyKey !== given.idempotencyKey);
      submissions.push(given);
      return Promise.resolve({ sweepId: submittedSweep, created, trials: touchedTrials, notes: [] });
    },
    cancel: command('cancel'),
    retry: command('retry'),
    pause: async (target) => ({ held: await command('pause')(target), handedBack: 0 }),
    resume: async (target) => ({ startable: await command('resume')(target) }),
    schedule: command('schedule'),
  };
  const app = createDashboard({
    database,
    live,
    assets: readAssets(folder),
    logger: createLogger('dashboard', 'silent'),
    access: createAccess(
      { token: options.token, viewToken: options.viewToken, sessionHours: 12, proxies: 0 },
      { ...usualLimits, ...options.limits },
    ),
    examples: readExamples(),
    commands: coordinator === undefined ? noted : commandsOver(connection, () => undefined),
  });
  const { server, url } = await listen(app, '127.0.0.1', 0);
  return {
    url,
    databaseUrl: postgres.url,
    natsUrl: nats.url,
    client,
    live,
    routes: app.routes.map(({ method, path }) => ({ method, path })),
    commands,
    submissions,
    accessEvents,
    publishChange: async (sweepId) => {
      connection.publish(subjects.changed(sweepId), JSON.stringify({ v: protocolVersion, sweepId }));
      await connection.flush();
    },
    stopDatabase: () => postgres.stop(),
    close: async () => {
      unsubscribe();
      live.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
      await Promise.allSettled([client.end(), database.$disconnect(), connection.close()]);
      await coordinator?.end('SIGTERM');
      await Promise.allSettled([postgres.stop(), nats.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
