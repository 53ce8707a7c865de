/**
 * A worker whose trainers train nothing, for benchmarks: slots, claims, reports and their order are those of the real
 * agent; in place of a trainer process each slot has a trainer in this process that says five numbers and succeeds.
 */
import { setMaxListeners } from 'node:events';
import { createLogger } from '../../services/shared/log.js';
import type { MetricPoint } from '../../services/shared/messages/reports.js';
import { newId } from '../../services/shared/ids.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { openCheckpointStore } from '../../services/shared/nats/open-checkpoint-store.js';
import { ProcessGuard } from '../../services/worker/agent/commands/guard.js';
import { NatsLink } from '../../services/worker/agent/link.js';
import { Patience } from '../../services/worker/agent/patience.js';
import { ReportStream } from '../../services/worker/agent/reports/report-stream.js';
import { Slot } from '../../services/worker/agent/slot/slot.js';
import type { SlotTrainer, TrainerSource } from '../../services/worker/agent/slot/trainer.js';
import { TrialSource } from '../../services/worker/agent/trial-source.js';
import type { FromTrainer, ToTrainer } from '../../services/worker/trainer-protocol.js';

const reports = 5;

class NoOpTrainer implements SlotTrainer {
  readonly ended = new Promise<never>(() => undefined);
  readonly stopGraceMs = 1000;
  readonly gone = new AbortController().signal;
  readonly isGone = false;
  onMessage: ((message: FromTrainer) => void) | undefined;

  send(message: ToTrainer): void {
    if (message.type !== 'train') return;
    for (let epoch = 1; epoch <= reports; epoch += 1) {
      const point: MetricPoint = { epoch, split: 'validation', task: 'depth', metric: 'meanError', value: 1 / epoch };
      this.onMessage?.({ type: 'metrics', points: [point] });
    }
    this.onMessage?.({ type: 'succeeded' });
  }

  kill(): void {
    throw new Error('a trainer that does nothing was killed');
  }
}

const { NATS_URL: url = '', BENCH_SLOTS: slots = '1' } = process.env;
const connection = await connectNats(url, 'bench worker');
const logger = createLogger('worker', 'warn');
const link = new NatsLink(connection, logger);
const stopping = new AbortController();
setMaxListeners(0, stopping.signal);
const context = {
  workerId: newId('worker'),
  link,
  source: new TrialSource(link, logger),
  sink: new ReportStream(link),
  checkpoints: { store: openCheckpointStore(connection, 'nats'), folder: '', networks: '' },
  patience: new Patience(),
  labels: [],
  commands: new Map<string, never>(),
  programs: { folder: '', environment: {}, guard: new ProcessGuard() },
  logger,
  stopping: stopping.signal,
  changed: () => undefined,
};
const facts = { backend: 'none', device: 'none', workloads: [] };
const supplies = Array.from({ length: Number(slots) }, (): TrainerSource => {
  const trainer = new NoOpTrainer();
  return {
    take: (signal) => Promise.resolve(signal.aborted ? undefined : { trainer, facts }),
    close: () => Promise.resolve(),
  };
});
const running = Promise.all(supplies.map((supply) => new Slot(supply, context).run()));
process.once('SIGTERM', () => {
  stopping.abort();
  void running.then(() => process.exit(0));
});
process.send?.('ready');
