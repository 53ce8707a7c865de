import { readConfig } from '../shared/config.js';
import { connectDatabase } from '../shared/db/connect.js';
import { errorRecord } from '../shared/errors.js';
import { createLogger } from '../shared/log.js';
import { connectNats } from '../shared/nats/connect.js';
import { subscribeChanges } from '../shared/nats/subscribe-changes.js';
import { createAccess } from './access/access.js';
import { createRegistry } from '../shared/monitoring/metrics.js';
import { serveMonitoring } from '../shared/monitoring/serve-monitoring.js';
import { checkBinding } from './access/token.js';
import { createDashboard } from './app.js';
import { readAssets } from './assets.js';
import { commandsOver } from './commands.js';
import { readExamples } from './launch/examples.js';
import { listen } from './listen.js';
import { everySweep, LiveChanges } from './live/live-changes.js';
import { overviewFingerprint, sweepFingerprint } from './queries/fingerprints.js';

async function run(): Promise<void> {
  const config = readConfig('dashboard');
  const logger = createLogger('dashboard', config.SIGMASWEEP_LOG_LEVEL);
  const settings = {
    token: config.SIGMASWEEP_TOKEN,
    viewToken: config.SIGMASWEEP_VIEW_TOKEN,
    sessionHours: config.SIGMASWEEP_SESSION_HOURS,
    proxies: config.SIGMASWEEP_PROXIES,
  };
  checkBinding(config.SIGMASWEEP_HOST, settings.token, settings.viewToken);
  const assets = readAssets();
  const database = connectDatabase(config.DATABASE_URL);
  const nats = await connectNats(config.NATS_URL, 'dashboard', config);
  const live = new LiveChanges((topic) =>
    topic === everySweep ? overviewFingerprint(database) : sweepFingerprint(database, topic),
  );
  const unsubscribe = subscribeChanges(nats, (sweepId) => live.notice(sweepId));
  const app = createDashboard({
    database,
    live,
    assets,
    logger,
    access: createAccess(settings),
    examples: readExamples(),
    commands: commandsOver(nats, (event, error) => logger.warn({ event, err: error }, 'a login was not written down')),
  });
  const { server, port, url } = await listen(app, config.SIGMASWEEP_HOST, config.SIGMASWEEP_PORT);
  const moved = config.SIGMASWEEP_PORT !== 0 && port !== config.SIGMASWEEP_PORT;
  const { SIGMASWEEP_MONITORING_HOST: host, SIGMASWEEP_MONITORING_PORT: monitoringPort } = config;
  const monitoring =
    monitoringPort === undefined
      ? undefined
      : await serveMonitoring({
          host,
          port: monitoringPort,
          registry: createRegistry('dashboard'),
          ready: {
            nats: () => (nats.isClosed() ? 'closed' : undefined),
            postgres: async () => {
              await overviewFingerprint(database);
              return undefined;
            },
          },
        });
  const at = monitoring === undefined ? {} : { monitoring: monitoring.url };
  const note = moved ? { note: `port ${config.SIGMASWEEP_PORT} is taken` } : {};
  process.stdout.write(`${JSON.stringify({ ready: true, service: 'dashboard', url, ...note, ...at })}\n`);

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    unsubscribe();
    live.close();
    server.close(() => {
      void Promise.allSettled([nats.close(), database.$disconnect()]).then(() => process.exit(0));
    });
    // Browsers keep idle connections open; pages that are being sent get a moment to end.
    if ('closeIdleConnections' in server) server.closeIdleConnections();
    setTimeout(() => {
      if ('closeAllConnections' in server) server.closeAllConnections();
    }, 2000).unref();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

run().catch((error: unknown) => {
  const { code, message, hint } = errorRecord(error);
  process.stderr.write(`dashboard: ${code}: ${message}${hint === undefined ? '' : `\n  ${hint}`}\n`);
  process.exit(1);
});
