import { millis, type JsMsg, type NatsConnection } from 'nats';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../shared/db/connect.js';
import type { Logger } from '../../shared/log.js';
import type { ReportMessage } from '../../shared/messages/reports.js';
import { streams } from '../../shared/nats-names.js';
import { metrics } from '../metrics.js';
import { keepDeadLetters, type DeadLetter } from '../store/dead-letter.js';
import { recordReports, type RefusedReport } from '../store/record-reports.js';
import type { Effects } from './effects.js';
import { gather } from './gather.js';
import { createLoop, type Allow, type Loop } from './loop.js';
import { readReport } from './read-report.js';

const batchLimits = { count: 1024, bytes: 4 * 1024 * 1024, lingerMs: 20 } as const;
/** Reports that one pull asks for, from: to: as many as fill a batch, by the size of those before. */
const pullLimits = { least: 64, most: 1024 } as const;
/** How long one pull waits for reports, in milliseconds. */
const pullMs = 5_000;
/** Pause between attempts to record while the database is away: from, to, in milliseconds. */
const retryMs = { first: 100, longest: 2_000 } as const;
/** The server is told this often that a batch is still being worked on, in milliseconds; well below the ack wait. */
const workingMs = 2_500;
/**
 * Longer than either takes, in milliseconds: a pull with the requests around it, and one attempt to record, also when the
 * database refuses a value and each report of a batch gets a transaction of its own.
 */
const patienceMs = { pulling: 30_000, recording: 180_000 } as const;

interface ReadMessage {
  readonly message: JsMsg;
  readonly report: ReportMessage;
}

/** The attempt whose report the database refuses cannot be complete any more; it fails with the reason. */
function refusal({ trialId, attempt, workerId, v }: ReportMessage, reason: string): ReportMessage {
  const error = {
    code: 'REPORT_REFUSED',
    message: `The database refused a report of this attempt: ${reason}`.slice(0, 2000),
    hint: 'The whole report is kept as a dead letter.',
  };
  return { v, trialId, attempt, workerId, items: [{ type: 'failed', error, retryable: false }] };
}

/** What is committed. A batch that is recorded a second time is counted a second time: nobody knows of the first. */
function count(messages: readonly JsMsg[], readable: readonly ReadMessage[], letters: number): void {
  const now = Date.now();
  for (const message of messages)
    metrics.reportLag.observe(Math.max(0, now - millis(message.info.timestampNanos)) / 1000);
  metrics.reports.inc(readable.length);
  metrics.deadLetters.inc(letters);
  for (const { report } of readable) {
    for (const item of report.items) if (item.type === 'metrics') metrics.points.inc(item.points.length);
  }
}

/**
 * Reads what a pull that was closed has brought and nobody has looked at. nats.js does the closing when the iterator is read
 * up to it: whoever stops reading earlier and waits for it, as a recorder whose batch failed, waits for ever.
 */
async function readToEnd(source: AsyncGenerator): Promise<void> {
  try {
    while ((await source.next()).done !== true);
  } catch {
    // That the pull failed is what ended it, or of no interest any more.
  }
}

function reasonOf({ error }: RefusedReport): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Records the stream REPORTS in batches and acknowledges what is committed.
 *
 * While the database is away the batch is kept and tried again, and nothing else is pulled: a result never overtakes
 * the metrics before it. What was recorded and not acknowledged comes again and changes nothing.
 * @param judge told of sweeps with new numbers
 */
export function createRecorder(
  database: Database,
  connection: NatsConnection,
  effects: Effects,
  leaseSeconds: number,
  logger: Logger,
  judge: (sweepIds: readonly string[]) => void,
): Loop {
  const jetstream = connection.jetstream();

  const record = async (reports: readonly ReportMessage[]): Promise<RefusedReport[]> => {
    const { sweepIds, lost, interrupted, rung, refused } = await recordReports(database, reports, leaseSeconds);
    effects.stopAttempts(lost);
    effects.handBack(interrupted);
    effects.changed(sweepIds);
    if (reports.some(({ items }) => items.some(({ type }) => type === 'metrics'))) judge(sweepIds);
    if (rung) effects.ring();
    return refused;
  };

  /** Everything of a batch, to be repeated as a whole until it succeeds. */
  const settle = async (readable: readonly ReadMessage[], letters: readonly DeadLetter[]): Promise<void> => {
    const refused = await record(readable.map(({ report }) => report));
    const refusedLetters: DeadLetter[] = [];
    for (const one of refused) {
      const item = readable[one.index];
      if (item === undefined) continue;
      const reason = reasonOf(one);
      logger.error({ trialId: item.report.trialId, reason }, 'the database refuses a report');
      refusedLetters.push({ subject: item.message.subject, reason, body: item.message.data });
      await record([refusal(item.report, reason)]);
    }
    await keepDeadLetters(database, [...letters, ...refusedLetters]);
  };

  /**
   * An acknowledgement names a message by its number alone: in a stream that was made anew it would be another message,
   * which nobody has recorded.
   */
  const checkSame = async (created: string): Promise<void> => {
    const consumer = await jetstream.consumers.get(streams.reports.name, streams.reports.consumer);
    if ((await consumer.info(true)).created === created) return;
    throw new Error('stream or consumer were made anew while a batch was recorded: none of it is acknowledged');
  };

  /** @param created when the consumer that the messages came from was made */
  const handle = async (
    messages: readonly JsMsg[],
    created: string,
    signal: AbortSignal,
    allow: Allow,
  ): Promise<void> => {
    const readable: ReadMessage[] = [];
    const letters: DeadLetter[] = [];
    const unreadable = new Set<JsMsg>();
    for (const message of messages) {
      const { report, fault } = readReport(message.data);
      if (report !== undefined) {
        readable.push({ message, report });
        continue;
      }
      logger.warn({ subject: message.subject, fault }, 'a report cannot be understood');
      letters.push({ subject: message.subject, reason: fault, body: message.data });
      unreadable.add(message);
    }
    const working = setInterval(() => {
      if (connection.isClosed()) return;
      for (const message of messages) message.working();
    }, workingMs);
    try {
      await untilRecorded(() => {
        allow(patienceMs.recording);
        return settle(readable, letters);
      }, signal);
      allow(patienceMs.pulling);
    } finally {
      clearInterval(working);
    }
    count(messages, readable, letters.length);
    await checkSame(created);
    for (const message of messages) {
      if (unreadable.has(message)) message.term();
      else message.ack();
    }
  };

  const untilRecorded = async (work: () => Promise<void>, signal: AbortSignal): Promise<void> => {
    for (let waitMs: number = retryMs.first; ; waitMs = Math.min(retryMs.longest, waitMs * 2)) {
      try {
        await work();
        return;
      } catch (error) {
        signal.throwIfAborted();
        logger.warn({ err: error, waitMs }, 'reports could not be recorded; they are kept and tried again');
        await delay(waitMs, undefined, { signal });
      }
    }
  };

  /** Until sizes are known, and while messages are large, what is pulled must not fill the memory. */
  let pullCount: number = pullLimits.least;

  return createLoop({
    name: 'recorder',
    logger,
    everyMs: 0,
    pass: async (signal, allow) => {
      allow(patienceMs.pulling);
      const consumer = await jetstream.consumers.get(streams.reports.name, streams.reports.consumer);
      const { created } = await consumer.info(true);
      const pulled = await consumer.fetch({ max_messages: pullCount, expires: pullMs });
      let [count, bytes] = [0, 0];
      const end = (): void => void pulled.close();
      signal.addEventListener('abort', end, { once: true });
      const unsettled = new Set<JsMsg>();
      const noted = async function* (): AsyncGenerator<JsMsg> {
        for await (const message of pulled) {
          unsettled.add(message);
          count += 1;
          bytes += message.data.byteLength;
          yield message;
        }
      };
      const source = noted();
      try {
        for await (const batch of gather(source, (message) => message.data.byteLength, batchLimits)) {
          await handle(batch, created, signal, allow);
          for (const message of batch) unsettled.delete(message);
        }
      } finally {
        signal.removeEventListener('abort', end);
        end();
        await readToEnd(source);
        // This recorder stops: another one shall not have to wait until the server takes it for dead.
        for (const message of unsettled) message.nak();
      }
      if (count > 0) {
        const fitting = Math.floor((batchLimits.bytes * count) / Math.max(1, bytes));
        pullCount = Math.min(pullLimits.most, Math.max(pullLimits.least, fitting));
      }
      return 'again';
    },
  });
}
