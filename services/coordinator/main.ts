import { setTimeout as delay } from 'node:timers/promises';
import { readConfig } from '../shared/config.js';
import { connectDatabase } from '../shared/db/connect.js';
import { errorRecord, SigmasweepError } from '../shared/errors.js';
import { createLogger, redact, type Logger } from '../shared/log.js';
import { connectNats, isAbsence } from '../shared/nats/connect.js';
import { countRings, defaultStreamLimits, readReportBacklog } from '../shared/nats/streams.js';
import { serveMonitoring } from '../shared/monitoring/serve-monitoring.js';
import { startCoordinator } from './coordinator.js';
import { StandstillCheck, standstillFault } from './loops/standstill.js';
import { registerDepths, registerQueue, registry } from './metrics.js';
import { applyMigrations } from './store/apply-migrations.js';
import { databaseTime } from './store/clock.js';
import { countOpenTrials } from './store/count-open-trials.js';
import { readQueue } from './store/read-queue.js';

/** Connections to PostgreSQL: 8 for commands, one for each loop, and some to spare. */
const poolSize = 14;
/** How long servers that are starting too are waited for, in milliseconds. */
const patienceMs = 25_000;
const retryMs = 250;
/** A stop that takes longer, because NATS or PostgreSQL is away, is cut short, in milliseconds. */
const stopWithinMs = 15_000;

/** Repeats what fails because a server is not there yet; the last error is thrown when the time is up. */
async function patiently<Result>(work: () => Promise<Result>, mayPass: (error: unknown) => boolean): Promise<Result> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!mayPass(error) || performance.now() > end) throw error;
      await delay(retryMs);
    }
  }
}

/** @throws SigmasweepError DATABASE_UNREACHABLE when the database does not come up; that of `applyMigrations` */
async function migrate(url: string, logger: Logger): Promise<void> {
  const faultOnPurpose = (error: unknown): boolean => error instanceof SigmasweepError;
  try {
    const applied = await patiently(
      () => applyMigrations(url),
      (error) => !faultOnPurpose(error),
    );
    if (applied.length > 0) logger.info({ migrations: applied }, 'the tables were brought up to date');
  } catch (cause) {
    if (faultOnPurpose(cause)) throw cause;
    throw new SigmasweepError(
      'DATABASE_UNREACHABLE',
      `PostgreSQL at ${redact(url)} cannot be reached: ${redact(String(cause))}`,
      { hint: 'Check DATABASE_URL and that the server runs and has this database.', cause },
    );
  }
}

async function run(): Promise<void> {
  const config = readConfig('coordinator');
  const logger = createLogger('coordinator', config.SIGMASWEEP_LOG_LEVEL);
  await migrate(config.DATABASE_URL, logger);
  const database = connectDatabase(config.DATABASE_URL, poolSize);
  const connection = await patiently(
    () => connectNats(config.NATS_URL, 'coordinator', config),
    (error) => error instanceof SigmasweepError && error.code === 'NATS_UNREACHABLE',
  );
  const options = {
    database,
    connection,
    logger,
    leaseSeconds: config.SIGMASWEEP_LEASE_SECONDS,
    limits: { ...defaultStreamLimits, replicas: config.SIGMASWEEP_NATS_REPLICAS },
    checkpoints: {
      place: config.SIGMASWEEP_CHECKPOINTS,
      mostBytes: Math.round(config.SIGMASWEEP_CHECKPOINT_GIB * 1024 ** 3),
    },
  };
  const coordinator = await patiently(
    () => startCoordinator(options),
    (error) => error instanceof SigmasweepError && error.code === 'STREAMS_UNAVAILABLE' && isAbsence(error.cause),
  );
  const { SIGMASWEEP_MONITORING_HOST: host, SIGMASWEEP_MONITORING_PORT: port } = config;
  const standstillCheck = new StandstillCheck();
  const standstill = async () => standstillCheck.observe(performance.now(), await readReportBacklog(connection));
  registerDepths({
    trials: () => countOpenTrials(database),
    rings: () => countRings(connection),
    reports: standstill,
  });
  registerQueue(() => readQueue(database));
  const monitoring =
    port === undefined
      ? undefined
      : await serveMonitoring({
          host,
          port,
          registry,
          ready: {
            nats: () => (coordinator.isConnected() ? undefined : 'not connected'),
            postgres: async () => {
              await databaseTime(database);
              return undefined;
            },
            recorder: async () => standstillFault(await standstill()),
          },
        });
  const at = monitoring === undefined ? {} : { monitoring: monitoring.url };
  process.stdout.write(`${JSON.stringify({ ready: true, service: 'coordinator', ...at })}\n`);

  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    void coordinator
      .stop()
      .then(() => Promise.allSettled([connection.drain(), database.$disconnect()]))
      .then(() => process.exit(0));
  };
  // It reconnects for ever, unless the server refuses its credentials: then a new start with new settings is needed.
  void connection.closed().then((error) => {
    if (stopping) return;
    logger.error({ err: error }, 'the NATS connection was closed');
    process.exit(1);
  });
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

run().catch((error: unknown) => {
  const { code, message, hint } = errorRecord(error);
  process.stderr.write(`coordinator: ${code}: ${message}${hint === undefined ? '' : `\n  ${hint}`}\n`);
  process.exit(1);
});
