import { describe, expect, it } from 'vitest';
import { createLogger } from '../../services/shared/log.js';
import { reportMessage, type ReportItem, type ReportMessage } from '../../services/shared/messages/reports.js';
import { Reporter } from '../../services/worker/agent/reports/reporter.js';
import { ReportTooLarge, type ReportSink } from '../../services/worker/agent/reports/report-stream.js';
import { OutputTail } from '../../services/worker/agent/slot/output-tail.js';

/** A stream that can be away, and that stores each message id once, as JetStream does. */
class MemorySink implements ReportSink {
  readonly stored = new Map<string, ReportMessage>();
  readonly sent: string[] = [];
  /** Fails so many of the next sends: before the message is stored, or after it, when only the answer is lost. */
  failures: ('before' | 'after')[] = [];
  /** What its own limit of a message is; the announced one can be another. */
  refusesAbove = Number.POSITIVE_INFINITY;
  private open: () => void = () => undefined;
  private away: Promise<void> | undefined;

  constructor(private readonly limit = 1_000_000) {}

  mostBytes(): number {
    return this.limit;
  }

  goAway(): void {
    this.away = new Promise((resolve) => (this.open = resolve));
  }

  comeBack(): void {
    this.away = undefined;
    this.open();
  }

  async ready(signal: AbortSignal): Promise<void> {
    if (this.away === undefined) return;
    await Promise.race([this.away, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
  }

  send(_trialId: string, messageId: string, body: string): Promise<void> {
    this.sent.push(`${messageId} ${body}`);
    if (Buffer.byteLength(body) > this.refusesAbove) return Promise.reject(new ReportTooLarge());
    const failure = this.failures.shift();
    if (failure !== 'before' && !this.stored.has(messageId)) {
      this.stored.set(messageId, reportMessage.parse(JSON.parse(body)));
    }
    return failure === undefined ? Promise.resolve() : Promise.reject(new Error('no answer'));
  }

  get items(): ReportItem[] {
    return [...this.stored.values()].flatMap(({ items }) => items);
  }

  get texts(): string[] {
    return this.items.flatMap((item) => (item.type === 'log' ? item.lines.map(({ text }) => text) : []));
  }
}

function reporterOf(sink: ReportSink): Reporter {
  return new Reporter(sink, { trialId: 'trial-1', attempt: 3, workerId: 'worker-1' }, createLogger('worker', 'silent'));
}

const point = (epoch: number, value = epoch) =>
  ({ epoch, split: 'train', task: 'depth', metric: 'loss', value }) as const;

const picture = (sample: number, characters: number) =>
  ({ type: 'picture', epoch: 1, sample, task: 'depth', kind: 'truth', png: 'A'.repeat(characters) }) as const;

describe('reports of an attempt', () => {
  it('keep their order over lost messages and lost answers, and are stored once', async () => {
    const sink = new MemorySink();
    sink.failures = ['before', 'after', 'before', 'after'];
    const reporter = reporterOf(sink);
    for (let epoch = 0; epoch < 5; epoch += 1) {
      reporter.metrics([point(epoch)]);
      reporter.log('info', `epoch ${epoch}`);
      // Lets some travel apart from each other.
      await Promise.resolve();
      await Promise.resolve();
    }
    reporter.finish({ type: 'succeeded' });
    reporter.log('info', 'too late');
    await reporter.flushed();
    expect(sink.texts).toEqual(['epoch 0', 'epoch 1', 'epoch 2', 'epoch 3', 'epoch 4']);
    expect(sink.items.flatMap((item) => (item.type === 'metrics' ? item.points : []))).toEqual(
      [0, 1, 2, 3, 4].map((epoch) => point(epoch)),
    );
    expect(sink.items.at(-1)).toEqual({ type: 'succeeded' });
    expect([...sink.stored.keys()]).toEqual([...sink.stored.keys()].map((_, index) => `trial-1.3.${index}`));
    // What was sent again was the same to the letter.
    expect(sink.sent).toHaveLength(sink.stored.size + 4);
    expect(new Set(sink.sent).size).toBe(sink.stored.size);
  });

  it('keep numbers and results when memory runs short, and say what was left out', async () => {
    const sink = new MemorySink();
    sink.goAway();
    const reporter = reporterOf(sink);
    reporter.log('info', 'the message that is on its way');
    await Promise.resolve();
    await Promise.resolve();
    for (let sample = 0; sample < 64; sample += 1) reporter.picture(picture(sample, 600_000));
    reporter.metrics([point(1)]);
    reporter.heartbeat();
    reporter.advanced(7, 10);
    reporter.heartbeat();
    for (let line = 0; line < 10_000; line += 1) reporter.log('debug', 'x'.repeat(4000));
    reporter.log('error', 'something important');
    reporter.finish({ type: 'succeeded' });
    sink.comeBack();
    await reporter.flushed();
    const { items, texts } = sink;
    expect(items.filter(({ type }) => type === 'picture')).toEqual([]);
    expect(items.filter(({ type }) => type === 'metrics')).toEqual([{ type: 'metrics', points: [point(1)] }]);
    // Of the heartbeats only the latest one is of use.
    expect(items.filter(({ type }) => type === 'heartbeat')).toEqual([{ type: 'heartbeat', step: 7, steps: 10 }]);
    expect(texts).toContain('something important');
    const leftOut = /were left out$/;
    expect(texts.filter((text) => leftOut.test(text))).toHaveLength(1);
    expect(texts.find((text) => leftOut.test(text))).toContain('64 pictures and ');
    const debugLines = texts.filter((text) => text.startsWith('xxx')).length;
    expect(debugLines).toBeGreaterThan(1000);
    expect(debugLines).toBeLessThan(20_000);
    expect(items.at(-1)).toEqual({ type: 'succeeded' });
  });

  it('are cut to what NATS takes', async () => {
    const sink = new MemorySink(200_000);
    const reporter = reporterOf(sink);
    reporter.metrics(Array.from({ length: 12_000 }, (_, epoch) => point(epoch)));
    reporter.picture(picture(1, 150_000));
    reporter.picture(picture(2, 300_000));
    reporter.log('info', `${'é'.repeat(2000)}${'😀'.repeat(2000)}\0`);
    reporter.finish({ type: 'failed', retryable: true, error: { code: 'X', message: 'x' } });
    await reporter.flushed();
    const points = sink.items.flatMap((item) => (item.type === 'metrics' ? item.points : []));
    expect(points.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 12_000 }, (_, epoch) => epoch));
    expect(sink.items.flatMap((item) => (item.type === 'picture' ? item.sample : []))).toEqual([1]);
    expect(sink.texts[0]).toContain('larger than NATS takes');
    expect(sink.texts.slice(1).join('')).toBe(`${'é'.repeat(2000)}${'😀'.repeat(2000)}\uFFFD`);
    expect(sink.items.at(-1)?.type).toBe('failed');
    for (const message of sink.sent) expect(Buffer.byteLength(message)).toBeLessThan(200_100);
  });

  it('go in smaller messages when the stream takes less than its server', async () => {
    const sink = new MemorySink();
    sink.refusesAbove = 10_000;
    const reporter = reporterOf(sink);
    for (let line = 0; line < 100; line += 1) reporter.log('info', `${line} ${'x'.repeat(500)}`);
    reporter.finish({ type: 'succeeded' });
    await reporter.flushed();
    expect(sink.texts.map((text) => Number(text.split(' ')[0]))).toEqual(
      Array.from({ length: 100 }, (_, line) => line),
    );
    expect(sink.items.at(-1)).toEqual({ type: 'succeeded' });
  });

  it('leave out numbers that have no form on the wire, and say so', async () => {
    const sink = new MemorySink();
    const reporter = reporterOf(sink);
    reporter.metrics([point(1, Number.NaN), point(2), point(3, null as unknown as number)]);
    reporter.finish({ type: 'succeeded' });
    await reporter.flushed();
    expect(sink.items.flatMap((item) => (item.type === 'metrics' ? item.points : []))).toEqual([point(2)]);
    expect(sink.texts).toHaveLength(2);
    expect(sink.texts[0]).toBe('train loss of depth in epoch 1 is not a finite number and is left out');
  });

  it('end at once when the attempt is not wanted any more', async () => {
    const sink = new MemorySink();
    sink.goAway();
    const reporter = reporterOf(sink);
    reporter.metrics([point(1)]);
    await Promise.resolve();
    reporter.log('info', 'waits');
    reporter.abandon();
    reporter.finish({ type: 'succeeded' });
    await reporter.flushed();
    sink.comeBack();
    expect(sink.sent).toEqual([]);
  });
});

describe('the output of a trainer', () => {
  it('comes out in lines, of which the last are kept', () => {
    const lines: string[] = [];
    const output = new OutputTail((line) => lines.push(line));
    output.write('first\r\nsec');
    output.write('ond\nrest');
    expect(lines).toEqual(['first', 'second']);
    expect(output.tail()).toBe('first\nsecond\nrest');
    // A program that never ends its line must not fill the memory.
    for (let part = 0; part < 100; part += 1) output.write('y'.repeat(10_000));
    expect(output.tail().length).toBeLessThan(50_000);
    for (let line = 0; line < 100; line += 1) output.write(`\nline ${line}`);
    expect(output.tail().split('\n')).toEqual(Array.from({ length: 20 }, (_, index) => `line ${80 + index}`));
  });
});
