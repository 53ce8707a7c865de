/** A worker process of the fault schedule: the real agent, with toys in the place of trainer processes. */
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '../../../services/shared/ids.js';
import { createLogger } from '../../../services/shared/log.js';
import { connectNats, type Connection } from '../../../services/shared/nats/connect.js';
import { openCheckpointStore } from '../../../services/shared/nats/open-checkpoint-store.js';
import { softwareVersion } from '../../../services/shared/version.js';
import { Agent } from '../../../services/worker/agent/agent.js';
import { ProcessGuard } from '../../../services/worker/agent/commands/guard.js';
import { NatsLink } from '../../../services/worker/agent/link.js';
import { ReportStream } from '../../../services/worker/agent/reports/report-stream.js';
import { NotedSink } from './noted-sink.js';
import { ToySupply } from './toy-trainer.js';

/** What the rig starts it with, as JSON. */
export interface WorkerSettings {
  readonly natsUrl: string;
  readonly name: string;
  readonly slots: number;
  readonly epochMs: number;
  /** Where checkpoints are written, and acknowledged reports are noted in the file `acknowledged`. */
  readonly folder: string;
}

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings;
const logger = createLogger('worker', 'warn');
const connection = await untilConnected();
const link = new NatsLink(connection, logger);
const checkpoints = join(settings.folder, 'checkpoints');
mkdirSync(checkpoints, { recursive: true });
const agent = new Agent({
  link,
  sink: new NotedSink(new ReportStream(link), openSync(join(settings.folder, 'acknowledged'), 'a')),
  supplies: Array.from({ length: settings.slots }, () => new ToySupply(settings.epochMs)),
  facts: {
    workerId: newId('worker'),
    name: settings.name,
    host: 'rig',
    pid: process.pid,
    softwareVersion,
    backend: 'toy',
    backendReason: 'a fault schedule',
    device: 'none',
    slots: settings.slots,
    labels: [],
    commands: [],
    workloads: [],
  },
  checkpoints: { store: openCheckpointStore(connection, 'nats'), folder: checkpoints, networks: settings.folder },
  commands: new Map(),
  programs: { folder: settings.folder, environment: {}, guard: new ProcessGuard() },
  logger,
});
process.stdout.write('{"ready":true}\n');

/** A worker that finds no NATS ends, and is started again by whoever keeps it running; here it tries again itself. */
async function untilConnected(): Promise<Connection> {
  for (;;) {
    try {
      return await connectNats(settings.natsUrl, `worker ${settings.name}`);
    } catch {
      await delay(200);
    }
  }
}

let stopping = false;
process.once('SIGTERM', () => {
  stopping = true;
  void agent.stop().then(() => process.exit(0));
});
void agent.failure().then((error) => {
  if (stopping) return;
  logger.error({ err: error }, 'the agent failed');
  process.exit(1);
});
