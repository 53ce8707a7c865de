import type { Logger } from '../../../shared/log.js';
import { protocolVersion } from '../../../shared/messages/common.js';
import type { MetricPoint, ReportItem } from '../../../shared/messages/reports.js';
import { metrics } from '../metrics.js';
import { pause } from '../pause.js';
import { queuedItem, ReportQueue, type QueuedItem } from './report-queue.js';
import { ReportTooLarge, type ReportSink } from './report-stream.js';

export type LogLevel = Extract<ReportItem, { type: 'log' }>['lines'][number]['level'];
export type PictureItem = Extract<ReportItem, { type: 'picture' }>;
export type CheckpointItem = Extract<ReportItem, { type: 'checkpoint' }>;
/** How an attempt ends: the last item it reports. */
export type FinalItem = Extract<ReportItem, { type: 'succeeded' | 'failed' | 'handed-back' }>;

/** Whose reports they are. */
export interface ReportedAttempt {
  readonly trialId: string;
  readonly attempt: number;
  readonly workerId: string;
}

/** Items that wait may take so much memory for each attempt. */
const mostWaitingBytes = 32 * 1024 ** 2;
/** Small items travel together up to this size; a larger one travels alone. */
const bytesTogether = 256 * 1024;
const pointsTogether = 1000;
/** A line of the contract has at most 4000 UTF-16 units; a code point has at most two. */
const codePointsOfLine = 2000;
const firstRetryMs = 100;
const longestRetryMs = 2000;

/**
 * Reports of one attempt, in order: one message at a time, sent again until the stream has acknowledged it, while what
 * comes meanwhile waits and then travels together. A message sent again has the same id, so it is stored once.
 */
export class Reporter {
  private readonly queue = new ReportQueue(mostWaitingBytes);
  private readonly abandoning = new AbortController();
  private sequence = 0;
  private lineCount = 0;
  private progress: { readonly step: number; readonly steps: number } | undefined;
  private reported: { readonly step: number; readonly steps: number } | undefined;
  private heartbeatDue = false;
  private finished = false;
  private ending: FinalItem['type'] | undefined;
  private limit = Number.POSITIVE_INFINITY;
  private sending: Promise<void> | undefined;

  constructor(
    private readonly sink: ReportSink,
    private readonly attempt: ReportedAttempt,
    private readonly logger: Logger,
  ) {}

  /** How the attempt ended; undefined while it runs, and for one that was abandoned. */
  get end(): FinalItem['type'] | undefined {
    return this.ending;
  }

  /** What waits to be sent, in bytes. */
  get waitingBytes(): number {
    return this.queue.waitingBytes;
  }

  /** Numbers that are not finite have no form on the wire: they are left out, and a line says so. */
  metrics(points: readonly MetricPoint[]): void {
    const finite = points.filter(({ value }) => Number.isFinite(value));
    for (const { metric, task, split, epoch } of points.filter(({ value }) => !Number.isFinite(value))) {
      this.log('warn', `${split} ${metric} of ${task} in epoch ${epoch} is not a finite number and is left out`);
    }
    for (let start = 0; start < finite.length; start += pointsTogether) {
      this.add({ type: 'metrics', points: finite.slice(start, start + pointsTogether) });
    }
  }

  /** A text too long for a line becomes several; NUL characters, which PostgreSQL cannot hold, are replaced. */
  log(level: LogLevel, text: string): void {
    const characters = Array.from(text.replaceAll('\0', '\uFFFD'));
    for (let start = 0; start === 0 || start < characters.length; start += codePointsOfLine) {
      this.add(this.line(level, characters.slice(start, start + codePointsOfLine).join('')));
    }
  }

  picture(item: PictureItem): void {
    this.add(item);
  }

  checkpoint(item: CheckpointItem): void {
    this.add(item);
  }

  /** The attempt goes on from a checkpoint of an earlier one. */
  resumed(attempt: number, step: number): void {
    this.add({ type: 'resumed', attempt, step });
  }

  /** Keeps how far training is for the next message; the first one is sent at once. */
  advanced(step: number, steps: number): void {
    const first = this.progress === undefined;
    this.progress = { step, steps };
    if (first) this.heartbeat();
  }

  /** Says that the attempt is alive and how far it is. While messages wait there is only one heartbeat, the latest. */
  heartbeat(): void {
    if (this.finished) return;
    this.heartbeatDue = true;
    this.pump();
  }

  /** The last item. What comes after it is passed over. */
  finish(item: FinalItem): void {
    if (!this.finished) this.ending = item.type;
    this.add(item);
    this.finished = true;
  }

  /** Nothing more is reported, not even what waits. */
  abandon(): void {
    this.finished = true;
    this.abandoning.abort();
    this.queue.clear();
  }

  /** Resolves when nothing waits any more. */
  async flushed(): Promise<void> {
    while (this.sending !== undefined) await this.sending;
  }

  private add(item: ReportItem): void {
    if (this.finished) return;
    this.queue.push(item);
    this.pump();
  }

  private pump(): void {
    this.sending ??= this.sendAll().finally(() => {
      this.sending = undefined;
      // Items that were added after the last look.
      if (this.hasWork()) this.pump();
    });
  }

  private hasWork(): boolean {
    return !this.abandoning.signal.aborted && (this.queue.size > 0 || this.heartbeatDue);
  }

  private async sendAll(): Promise<void> {
    // Items that are added in the same turn travel together.
    await Promise.resolve();
    while (this.hasWork()) {
      this.sayWhatWasLeftOut();
      await this.sendOne();
    }
  }

  private async sendOne(): Promise<void> {
    const heartbeat = this.takeHeartbeat();
    const items = this.queue.take(Math.min(bytesTogether, this.limit, this.sink.mostBytes()));
    const { trialId, attempt, workerId } = this.attempt;
    const head = JSON.stringify({ v: protocolVersion, trialId, attempt, workerId }).slice(0, -1);
    const body = `${head},"items":[${[...heartbeat, ...items.map(({ json }) => json)].join(',')}]}`;
    const messageId = `${trialId}.${attempt}.${this.sequence}`;
    this.sequence += 1;
    try {
      if (Buffer.byteLength(body) > this.sink.mostBytes()) throw new ReportTooLarge('above the limit of a message');
      await this.deliver(messageId, body);
    } catch (error) {
      if (!(error instanceof ReportTooLarge)) throw error;
      this.makeSmaller(items);
    }
  }

  /** A heartbeat stands first, so that none follows the end. */
  private takeHeartbeat(): string[] {
    // A message that goes out anyway takes news of the progress with it.
    if (!this.heartbeatDue && this.progress === this.reported) return [];
    this.heartbeatDue = false;
    this.reported = this.progress;
    return [JSON.stringify({ type: 'heartbeat', ...this.progress } satisfies ReportItem)];
  }

  private async deliver(messageId: string, body: string): Promise<void> {
    const { signal } = this.abandoning;
    let retryMs = firstRetryMs;
    let complained = false;
    for (;;) {
      await this.sink.ready(signal);
      if (signal.aborted) return;
      try {
        const since = performance.now();
        await this.sink.send(this.attempt.trialId, messageId, body);
        metrics.reportSeconds.observe((performance.now() - since) / 1000);
        if (complained) this.logger.info({ messageId }, 'reports are taken again');
        return;
      } catch (error) {
        if (error instanceof ReportTooLarge) throw error;
        metrics.reportFailures.inc();
        if (!complained) this.logger.warn({ err: error, messageId }, 'a report was not taken; it is sent again');
        complained = true;
      }
      await pause(retryMs, signal);
      retryMs = Math.min(2 * retryMs, longestRetryMs);
    }
  }

  /** Sends the items of a message that was too large in smaller ones; one alone cannot be sent at all. */
  private makeSmaller(items: readonly QueuedItem[]): void {
    const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
    if (items.length > 1) {
      this.limit = Math.ceil(bytes / 2);
      this.queue.putBack(items);
      return;
    }
    const [item] = items;
    if (item === undefined) return;
    const text = `A report (${item.type}) of ${bytes} bytes is larger than NATS takes and is left out`;
    this.logger.error({ trialId: this.attempt.trialId }, `${text}; raise max_payload of nats-server`);
    this.sayFirst(text);
  }

  private sayWhatWasLeftOut(): void {
    const leftOut = this.queue.takeLeftOut();
    if (leftOut === undefined) return;
    const text = `While reports waited, ${leftOut.pictures} pictures and ${leftOut.lines} lines were left out`;
    this.logger.warn({ trialId: this.attempt.trialId }, text);
    this.sayFirst(text);
  }

  /** A line about the reports themselves, before what still waits: the last item may be among that. */
  private sayFirst(text: string): void {
    if (!this.abandoning.signal.aborted) this.queue.putBack([queuedItem(this.line('warn', text))]);
  }

  private line(level: LogLevel, text: string): ReportItem {
    const seq = this.lineCount;
    this.lineCount += 1;
    return { type: 'log', lines: [{ seq, at: new Date().toISOString(), level, text }] };
  }
}
