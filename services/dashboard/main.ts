import { readConfig } from '../shared/config.js';
import { connectDatabase } from '../shared/db/connect.js';
import { errorRecord } from '../shared/errors.js';
import { createLogger } from '../shared/log.js';
import { callCommand } from '../shared/nats/command-client.js';
import { connectNats } from '../shared/nats/connect.js';
import { subscribeChanges } from '../shared/nats/subscribe-changes.js';
import { checkBinding } from './access/token.js';
import { createDashboard } from './app.js';
import { readAssets } from './assets.js';
import { readExamples } from './launch/examples.js';
import { listen } from './listen.js';
import { everySweep, LiveChanges } from './live/live-changes.js';
import { overviewFingerprint, sweepFingerprint } from './queries/fingerprints.js';

async function run(): Promise<void> {
  const config = readConfig('dashboard');
  const logger = createLogger('dashboard', config.SIGMASWEEP_LOG_LEVEL);
  checkBinding(config.SIGMASWEEP_HOST, config.SIGMASWEEP_TOKEN);
  const assets = readAssets();
  const database = connectDatabase(config.DATABASE_URL);
  const nats = await connectNats(config.NATS_URL, 'dashboard');
  const live = new LiveChanges((topic) =>
    topic === everySweep ? overviewFingerprint(database) : sweepFingerprint(database, topic),
  );
  const unsubscribe = subscribeChanges(nats, (sweepId) => live.notice(sweepId));
  const app = createDashboard({
    database,
    live,
    assets,
    logger,
    token: config.SIGMASWEEP_TOKEN,
    examples: readExamples(),
    commands: {
      submit: (given) => callCommand(nats, 'submit', given),
      cancel: async (target) => (await callCommand(nats, 'cancel', target)).cancelled,
      retry: async (target) => (await callCommand(nats, 'retry', target)).queued,
    },
  });
  const { server, port, url } = await listen(app, config.SIGMASWEEP_HOST, config.SIGMASWEEP_PORT);
  const moved = config.SIGMASWEEP_PORT !== 0 && port !== config.SIGMASWEEP_PORT;
  const note = moved ? { note: `port ${config.SIGMASWEEP_PORT} is taken` } : {};
  process.stdout.write(`${JSON.stringify({ ready: true, service: 'dashboard', url, ...note })}\n`);

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
