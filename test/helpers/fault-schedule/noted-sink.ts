import { writeSync } from 'node:fs';
import type { ReportMessage } from '../../../services/shared/messages/reports.js';
import type { ReportSink } from '../../../services/worker/agent/reports/report-stream.js';

/** A number that the stream acknowledged, as a worker writes it down. */
export interface NotedReport {
  /** When the acknowledgement came, milliseconds of the epoch. */
  readonly at: number;
  readonly trialId: string;
  readonly attempt: number;
  /** Epoch, split, task and metric of each number. */
  readonly points: readonly string[];
}

export function pointKey({
  epoch,
  split,
  task,
  metric,
}: {
  epoch: number;
  split: string;
  task: string;
  metric: string;
}) {
  return `${epoch} ${split} ${task} ${metric}`;
}

/** Writes down which numbers were acknowledged; a line is in the file before the agent goes on, whatever kills it then. */
export class NotedSink implements ReportSink {
  /** @param file descriptor of a file that is open for appending */
  constructor(
    private readonly sink: ReportSink,
    private readonly file: number,
  ) {}

  mostBytes(): number {
    return this.sink.mostBytes();
  }

  ready(signal: AbortSignal): Promise<void> {
    return this.sink.ready(signal);
  }

  async send(trialId: string, messageId: string, body: string): Promise<void> {
    await this.sink.send(trialId, messageId, body);
    const { attempt, items } = JSON.parse(body) as ReportMessage;
    const points = items.flatMap((item) => (item.type === 'metrics' ? item.points.map(pointKey) : []));
    if (points.length === 0) return;
    writeSync(this.file, `${JSON.stringify({ at: Date.now(), trialId, attempt, points } satisfies NotedReport)}\n`);
  }
}
