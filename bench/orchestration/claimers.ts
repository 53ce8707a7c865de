/** Workers that claim, wait and report success, for benchmarks; each has a connection of its own. Sends latencies back. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '../../services/shared/ids.js';
import { protocolVersion } from '../../services/shared/messages/common.js';
import type { ReportMessage } from '../../services/shared/messages/reports.js';
import { subjects } from '../../services/shared/nats-names.js';
import { connectNats, type Connection } from '../../services/shared/nats/connect.js';

/** When workers claim. */
export type Pattern =
  { readonly kind: 'pause'; readonly meanPauseMs: number } | { readonly kind: 'together'; readonly everyMs: number };

export type ClaimerTask = Pattern & { readonly workers: number; readonly seconds: number };

interface Granted {
  readonly trialId: string;
  readonly attempt: number;
}

const { NATS_URL: url = '', BENCH_TASK: text = '' } = process.env;
const task = JSON.parse(text) as ClaimerTask;
const latencies: number[] = [];

class Claimer {
  private readonly workerId = newId('worker');

  constructor(private readonly connection: Connection) {}

  async claim(): Promise<Granted> {
    const { workerId } = this;
    const facts = { backend: 'none', device: 'none', labels: [], commands: [] };
    const body = JSON.stringify({ v: protocolVersion, workerId, claimId: newId('claim'), ...facts });
    const since = performance.now();
    // Not by `callCommand`: what this process does with an answer is not the coordinator's time.
    const answer = await this.connection.request(subjects.command('claim'), body, { timeout: 10_000 });
    latencies.push(performance.now() - since);
    const { value } = answer.json<{ value?: Granted & { granted: boolean } }>();
    if (value?.granted !== true) throw new Error(`a claim was not granted: ${answer.string()}`);
    return value;
  }

  async succeed({ trialId, attempt }: Granted): Promise<void> {
    const message: ReportMessage = {
      ...{ v: protocolVersion, trialId, attempt, workerId: this.workerId },
      items: [{ type: 'succeeded' }],
    };
    await this.connection.jetstream().publish(subjects.report(trialId), JSON.stringify(message), { timeout: 20_000 });
  }
}

async function work(claimer: Claimer, startAt: number): Promise<void> {
  const end = startAt + task.seconds * 1000;
  if (task.kind === 'together') {
    for (let at = startAt; at < end; at += task.everyMs) {
      await delay(Math.max(0, at - Date.now()));
      const granted = await claimer.claim();
      await delay(Math.max(0, at + task.everyMs / 2 - Date.now()));
      await claimer.succeed(granted);
    }
    return;
  }
  // Waits between the claims of a worker whose trials end at random: exponential, so that workers do not keep step.
  const wait = (): number => -Math.log(1 - Math.random()) * task.meanPauseMs;
  await delay(Math.max(0, startAt - Date.now()) + Math.random() * task.meanPauseMs);
  while (Date.now() < end) {
    const granted = await claimer.claim();
    if (task.meanPauseMs > 0) await delay(wait());
    await claimer.succeed(granted);
  }
}

const claimers = await Promise.all(
  Array.from({ length: task.workers }, async () => new Claimer(await connectNats(url, 'bench claimer'))),
);
process.send?.('ready');
const [startAt] = (await once(process, 'message')) as [number];
await Promise.all(claimers.map((claimer) => work(claimer, startAt)));
process.send?.(latencies, () => process.exit(0));
