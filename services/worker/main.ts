import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../shared/config.js';
import { errorRecord } from '../shared/errors.js';
import { createLogger } from '../shared/log.js';
import { connectNats } from '../shared/nats/connect.js';
import { natsSecrets } from '../shared/nats/credentials.js';
import { requireFittingCoordinator } from '../shared/nats/greeting.js';
import { serveMonitoring } from '../shared/monitoring/serve-monitoring.js';
import { Agent } from './agent/agent.js';
import { registry } from './agent/metrics.js';
import { readCommands } from './agent/commands/command-settings.js';

let agent: Agent | undefined;
let stopping = false;

/** The first signal stops in order; before the agent runs, and at the second signal, there is nothing to wait for. */
function stop(): void {
  if (agent === undefined || stopping) process.exit(stopping ? 1 : 0);
  stopping = true;
  void agent.stop().then(() => process.exit(0), fail);
}

function fail(error: unknown): never {
  const { code, message, hint } = errorRecord(error);
  process.stderr.write(`worker: ${code}: ${message}${hint === undefined ? '' : `\n  ${hint}`}\n`);
  process.exit(1);
}

/** Labels of the environment and of `--label`, which may be repeated. @throws SigmasweepError CONFIG_INVALID */
function readLabels(fromEnvironment: readonly string[]): string[] {
  const { values } = parseArgs({ options: { label: { type: 'string', multiple: true } } });
  const labels = [...fromEnvironment, ...(values.label ?? [])].join();
  return readConfig('worker', { ...process.env, SIGMASWEEP_LABELS: labels }).SIGMASWEEP_LABELS;
}

async function run(): Promise<void> {
  const config = readConfig('worker');
  const logger = createLogger('worker', config.SIGMASWEEP_LOG_LEVEL);
  const commands = config.SIGMASWEEP_COMMANDS === undefined ? new Map() : readCommands(config.SIGMASWEEP_COMMANDS);
  // Trainers have no use for passwords.
  const secrets = [...natsSecrets, 'DATABASE_URL', 'SIGMASWEEP_TOKEN'];
  const environment = { ...process.env, ...Object.fromEntries(secrets.map((name) => [name, undefined])) };
  const connection = await connectNats(config.NATS_URL, `worker ${config.SIGMASWEEP_WORKER_NAME}`, config);
  await requireFittingCoordinator(connection, 'This worker');
  const started = await Agent.start({
    connection,
    name: config.SIGMASWEEP_WORKER_NAME,
    slots: config.SIGMASWEEP_SLOTS,
    backend: config.SIGMASWEEP_BACKEND,
    cacheFolder: resolve(config.SIGMASWEEP_CACHE),
    checkpoints: config.SIGMASWEEP_CHECKPOINTS,
    labels: readLabels(config.SIGMASWEEP_LABELS),
    commands,
    workloads: config.SIGMASWEEP_WORKLOADS,
    workloadsFolder: resolve(config.SIGMASWEEP_WORKLOADS_FOLDER),
    dataFolder: config.SIGMASWEEP_DATA === undefined ? undefined : resolve(config.SIGMASWEEP_DATA),
    networks: resolve(config.SIGMASWEEP_NETWORKS),
    environment,
    logger,
  });
  agent = started;
  const { workerId, backend, device, slots } = started.facts;
  const { SIGMASWEEP_MONITORING_HOST: host, SIGMASWEEP_MONITORING_PORT: port } = config;
  const ready = { nats: () => (started.isConnected ? undefined : 'not connected') };
  const monitoring = port === undefined ? undefined : await serveMonitoring({ host, port, registry, ready });
  const at = monitoring === undefined ? {} : { monitoring: monitoring.url };
  process.stdout.write(
    `${JSON.stringify({ ready: true, service: 'worker', workerId, backend, device, slots, ...at })}\n`,
  );
  const failure = await started.failure();
  if (stopping) return;
  // What it trains is not lost when it can still be handed back.
  if (started.isConnected) {
    stopping = true;
    await started.stop().catch(() => undefined);
  }
  fail(failure);
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
run().catch(fail);
