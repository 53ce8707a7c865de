/** Publishes reports with many points for benchmarks: a process that is told what by BENCH_TASK, and when by `go`. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { protocolVersion } from '../../services/shared/messages/common.js';
import type { MetricPoint, ReportMessage } from '../../services/shared/messages/reports.js';
import { subjects } from '../../services/shared/nats-names.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { readReportBacklog } from '../../services/shared/nats/streams.js';

export interface IngestTask {
  readonly workerId: string;
  readonly attempts: readonly { readonly trialId: string; readonly attempt: number }[];
  readonly seconds: number;
  readonly fromEpoch: number;
  readonly pointsOfReport: number;
}

/** Publications that wait for the stream's acknowledgement at once. */
const atOnce = 64;
/** Reports that wait to be recorded; with more a publisher pauses, so that what is measured is the recorder. */
const mostWaiting = 4000;
const pauseMs = 50;

const { NATS_URL: url = '', BENCH_TASK: task = '' } = process.env;
const { workerId, attempts, seconds, fromEpoch, pointsOfReport } = JSON.parse(task) as IngestTask;
const connection = await connectNats(url, 'bench publisher');
const jetstream = connection.jetstream();

function report(number: number): { subject: string; body: string; id: string } {
  const { trialId, attempt } = attempts[number % attempts.length] as (typeof attempts)[number];
  const epoch = fromEpoch + Math.floor(number / attempts.length);
  const points = Array.from({ length: pointsOfReport }, (_, index): MetricPoint => {
    return { epoch, split: 'train', task: 'depth', metric: `metric-${String(index)}`, value: Math.sin(epoch + index) };
  });
  const items: ReportMessage['items'] = [
    { type: 'heartbeat', step: epoch, steps: 1_000_000 },
    { type: 'metrics', points },
  ];
  const message: ReportMessage = { v: protocolVersion, trialId, attempt, workerId, items };
  return { subject: subjects.report(trialId), body: JSON.stringify(message), id: `${trialId}.${String(epoch)}` };
}

const going = once(process, 'message');
process.send?.('ready');
await going;
const end = performance.now() + seconds * 1000;
let number = 0;
while (performance.now() < end) {
  const { messages } = await readReportBacklog(connection);
  if (messages > mostWaiting) {
    await delay(pauseMs);
    continue;
  }
  for (let round = 0; round < 8; round += 1) {
    const batch = Array.from({ length: atOnce }, () => report(number++));
    await Promise.all(batch.map(({ subject, body, id }) => jetstream.publish(subject, body, { msgID: id })));
  }
}
await connection.close();
process.exit(0);
