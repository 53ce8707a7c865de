import { describe, expect, it, vi } from 'vitest';
import { failure } from '../../services/coordinator/api/answer.js';
import { Batcher } from '../../services/coordinator/api/batcher.js';
import { Lanes } from '../../services/coordinator/api/lanes.js';
import { ConsumerCheck } from '../../services/coordinator/loops/consumer-check.js';
import { gather } from '../../services/coordinator/loops/gather.js';
import { createLoop } from '../../services/coordinator/loops/loop.js';
import { StandstillCheck, standstillFault } from '../../services/coordinator/loops/standstill.js';
import { metrics } from '../../services/coordinator/metrics.js';
import { readReport } from '../../services/coordinator/loops/read-report.js';
import { RecordedUpTo } from '../../services/coordinator/loops/recorded-up-to.js';
import { SigmasweepError } from '../../services/shared/errors.js';
import { createLogger } from '../../services/shared/log.js';
import type { ConsumerStanding } from '../../services/shared/nats/streams.js';
import { SpecError } from '../../services/shared/sweep-spec/spec-error.js';
import { until } from '../helpers/deadline.js';

const logger = createLogger('test', 'silent');
const encode = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

describe('RecordedUpTo', () => {
  it('knows a moment once everything that was in the stream at it is recorded', () => {
    const recorded = new RecordedUpTo();
    expect(recorded.observe({ databaseTime: 100, messages: 5, newest: 5, recordedUpTo: 0 })).toBeUndefined();
    // Messages 1 to 4 of the backlog are recorded; 5, which was there at 100, is not.
    expect(recorded.observe({ databaseTime: 200, messages: 4, newest: 8, recordedUpTo: 4 })).toBeUndefined();
    expect(recorded.observe({ databaseTime: 300, messages: 3, newest: 8, recordedUpTo: 5 })).toBe(100);
    // Under load the stream is never empty, and the moment moves on nevertheless.
    expect(recorded.observe({ databaseTime: 400, messages: 2, newest: 10, recordedUpTo: 8 })).toBe(300);
    expect(recorded.observe({ databaseTime: 500, messages: 9, newest: 19, recordedUpTo: 9 })).toBe(300);
    expect(recorded.observe({ databaseTime: 600, messages: 0, newest: 19, recordedUpTo: 19 })).toBe(600);
  });

  it('starts again with a stream that was made anew', () => {
    const recorded = new RecordedUpTo();
    recorded.observe({ databaseTime: 100, messages: 1, newest: 900, recordedUpTo: 10 });
    expect(recorded.observe({ databaseTime: 200, messages: 2, newest: 2, recordedUpTo: 0 })).toBeUndefined();
    expect(recorded.observe({ databaseTime: 300, messages: 1, newest: 3, recordedUpTo: 2 })).toBe(200);
  });
});

describe('ConsumerCheck', () => {
  const sound: ConsumerStanding = {
    created: 'a',
    messages: 5,
    oldest: 101,
    newest: 105,
    delivered: 105,
    undelivered: 0,
    unacknowledged: 5,
    waiting: 2,
  };
  const empty: ConsumerStanding = { ...sound, messages: 0, oldest: 106, unacknowledged: 0 };
  /** What it says of a standing that lasts for three quarters of a minute, looked at every five seconds. */
  const ofLasting = (standing: ConsumerStanding, prompt: boolean): string[] => {
    const check = new ConsumerCheck({ prompt });
    const faults = Array.from({ length: 10 }, (_, look) => check.observe(look * 5000, standing));
    return faults.flatMap((fault, look) => (fault === undefined ? [] : [`${String(look * 5)} s ${fault}`]));
  };

  it('finds nothing wrong with empty streams, and rings that wait or go round for long', () => {
    expect(ofLasting(empty, true)).toEqual([]);
    expect(ofLasting(empty, false)).toEqual([]);
    expect(ofLasting(sound, false)).toEqual([]);
    expect(ofLasting({ ...sound, delivered: 100, undelivered: 5, unacknowledged: 0, waiting: 0 }, false)).toEqual([]);
  });

  it('finds reports that were delivered long ago and are still there, under load too', () => {
    expect(ofLasting(sound, true)).toEqual(['20 s left-behind', '45 s left-behind']);
    const check = new ConsumerCheck({ prompt: true });
    const loaded = (look: number, oldest: number) => {
      const delivered = 1000 + look * 100;
      return check.observe(look * 5000, { ...sound, oldest, delivered, newest: delivered + 50, messages: 70 });
    };
    expect([0, 1, 2, 3, 4, 5].map((look) => loaded(look, 980))).toEqual([
      ...[0, 1, 2, 3].map(() => undefined),
      'left-behind',
      undefined,
    ]);
    expect([6, 7, 8, 9, 10, 11].map((look) => loaded(look, 1000 + look * 100 - 20))).toEqual(
      Array.from({ length: 6 }, () => undefined),
    );
  });

  it('finds a consumer that delivers nothing of what is there to those who wait for it', () => {
    const stalled = { ...sound, messages: 9, oldest: 106, newest: 114, undelivered: 9, unacknowledged: 0 };
    expect(ofLasting(stalled, false)).toEqual(['20 s stalled', '45 s stalled']);
    expect(ofLasting(stalled, true)).toEqual(['20 s stalled', '45 s stalled']);
  });

  it('finds one that waits for messages that are gone, and messages that it does not know of', () => {
    expect(ofLasting({ ...empty, unacknowledged: 8 }, false)).toEqual(['20 s miscounted', '45 s miscounted']);
    expect(ofLasting({ ...empty, unacknowledged: 8 }, true)).toEqual(['20 s miscounted', '45 s miscounted']);
    expect(ofLasting({ ...sound, messages: 53, unacknowledged: 0 }, false)).toEqual([
      '20 s miscounted',
      '45 s miscounted',
    ]);
  });

  it('begins anew with a consumer or stream that was made anew', () => {
    const check = new ConsumerCheck({ prompt: true });
    check.observe(0, sound);
    check.observe(15_000, { ...sound, created: 'b' });
    expect(check.observe(30_000, { ...sound, created: 'b' })).toBeUndefined();
    expect(check.observe(35_000, { ...sound, created: 'b' })).toBe('left-behind');
  });
});

describe('gather', () => {
  const limits = { count: 3, bytes: 100, lingerMs: 1_000 };
  async function batches(items: readonly number[], own = limits): Promise<number[][]> {
    const found: number[][] = [];
    // eslint-disable-next-line @typescript-eslint/require-await -- a source need not wait
    const source = (async function* () {
      yield* items;
    })();
    for await (const batch of gather(source, (item) => item, own)) found.push(batch);
    return found;
  }

  it('ends a batch when it has enough items or bytes, and loses none', async () => {
    expect(await batches([1, 1, 1, 1])).toEqual([[1, 1, 1], [1]]);
    expect(await batches([60, 60, 1, 150, 1])).toEqual([[60, 60], [1, 150], [1]]);
    expect(await batches([])).toEqual([]);
  });

  it('ends a batch when nothing more comes for a moment', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const source = (async function* () {
      yield 1;
      await held;
      yield 2;
    })();
    const found: number[][] = [];
    for await (const batch of gather(source, () => 1, { ...limits, lingerMs: 5 })) {
      found.push(batch);
      release();
    }
    expect(found).toEqual([[1], [2]]);
  });
});

describe('gather over a source that fails', () => {
  it('hands out what came before, and then the error, also when it came during the work on a batch', async () => {
    for (const count of [1, 10]) {
      const source = (async function* () {
        yield 1;
        await Promise.resolve();
        throw new Error('the consumer was deleted');
      })();
      const found: number[][] = [];
      const work = async (): Promise<void> => {
        for await (const batch of gather(source, () => 1, { count, bytes: 100, lingerMs: 1_000 })) {
          found.push(batch);
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      await expect(work()).rejects.toThrow('the consumer was deleted');
      expect(found).toEqual([[1]]);
    }
  });
});

describe('createLoop', () => {
  it('goes on after passes that throw, begins at once when woken, and ends its pass before it stops', async () => {
    let passes = 0;
    let ended = false;
    let finish: () => void = () => undefined;
    const loop = createLoop({
      name: 'test',
      logger,
      everyMs: 3_600_000,
      pass: async () => {
        passes += 1;
        if (passes <= 2) throw new Error('away');
        if (passes === 4) {
          await new Promise<void>((resolve) => (finish = resolve));
          ended = true;
        }
        return 'done';
      },
    });
    loop.start();
    loop.start();
    await until(() => passes === 3, { deadlineMs: 10_000, what: 'the pass after two failed ones' });
    loop.wake();
    await until(() => passes === 4, { deadlineMs: 10_000, what: 'the woken pass' });
    const stopped = loop.stop();
    finish();
    await stopped;
    expect(ended).toBe(true);
    loop.wake();
    loop.start();
    expect(passes).toBe(4);
  });
});

describe('StandstillCheck', () => {
  it('tells for how long reports wait and none leaves the stream', () => {
    const check = new StandstillCheck();
    const look = (atMs: number, newest: number, messages: number) =>
      check.observe(atMs, { newest, messages, recordedUpTo: newest - messages });
    expect(look(0, 10, 0)).toEqual({ messages: 0, forMs: 0 });
    expect(look(100_000, 30, 20)).toEqual({ messages: 20, forMs: 0 });
    // More come, and none goes.
    const still = look(131_000, 50, 40);
    expect(still).toEqual({ messages: 40, forMs: 31_000 });
    expect(standstillFault(still)).toBe('40 reports wait, and none has been recorded for 31 s');
    expect(standstillFault(look(132_000, 50, 39))).toBeUndefined();
    expect(look(140_000, 50, 39).forMs).toBe(8000);
    expect(look(150_000, 50, 0).forMs).toBe(0);
    // The stream was made anew.
    expect(look(160_000, 5, 5).forMs).toBe(0);
    expect(look(170_000, 9, 5).forMs).toBe(0);
  });
});

describe('a pass that hangs', () => {
  it('is given up when it takes longer than it has allowed itself, and a new one begins', async () => {
    const signals: AbortSignal[] = [];
    const loop = createLoop({
      name: 'hanging',
      logger,
      everyMs: 3_600_000,
      pass: async (signal, allow) => {
        signals.push(signal);
        allow(3_600_000);
        if (signals.length === 1) {
          allow(20);
          await new Promise(() => undefined);
        }
        return 'done';
      },
    });
    loop.start();
    await until(() => signals.length === 2, { deadlineMs: 10_000, what: 'the next pass' });
    await loop.stop();
    expect(signals[0]?.reason).toMatchObject({ message: expect.stringContaining('20 ms') as string });
    expect(signals[1]?.aborted).toBe(false);
    const given = (await metrics.passesGivenUp.get()).values.find(({ labels }) => labels.loop === 'hanging');
    expect(given?.value).toBe(1);
  });

  it('also while the loop is stopped: the stop does not wait for it for ever', async () => {
    let begun = false;
    const loop = createLoop({
      name: 'hanging in the end',
      logger,
      everyMs: 0,
      pass: async (_, allow) => {
        begun = true;
        allow(50);
        return new Promise<never>(() => undefined);
      },
    });
    loop.start();
    await until(() => begun, { deadlineMs: 10_000, what: 'the pass' });
    await loop.stop();
  });
});

describe('Batcher', () => {
  it('takes what comes while it works as the next batch, in order, and answers each call', async () => {
    const batches: number[][] = [];
    const gates: (() => void)[] = [];
    const batcher = new Batcher<number, number>(
      async (items) => {
        batches.push([...items]);
        await new Promise<void>((resolve) => gates.push(resolve));
        if (items.includes(7)) throw new Error('failed');
        return items.map((item) => item * 10);
      },
      { size: 3, atOnce: 1 },
    );
    const first = batcher.call(0);
    await until(() => gates.length === 1, { deadlineMs: 5_000, what: 'the first batch' });
    const others = Promise.allSettled([1, 2, 3, 4, 7].map((item) => batcher.call(item)));
    for (let done = 0; done < 3; done += 1) {
      await until(() => gates.length > 0, { deadlineMs: 5_000, what: 'the next batch' });
      gates.shift()?.();
    }
    expect(await first).toBe(0);
    expect((await others).map((one) => (one.status === 'fulfilled' ? one.value : 'failed'))).toEqual([
      10,
      20,
      30,
      'failed',
      'failed',
    ]);
    expect(batches).toEqual([[0], [1, 2, 3], [4, 7]]);
  });
});

describe('Lanes', () => {
  it('run a few of a lane at once, in order, and do not let lanes wait for each other', async () => {
    const lanes = new Lanes();
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    const reads = Array.from({ length: 6 }, (_, index) =>
      lanes.run('read', async () => {
        order.push(index);
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => gates.push(resolve));
        running -= 1;
        if (index === 1) throw new Error('failed');
      }),
    );
    expect(await lanes.run('claim', () => Promise.resolve('granted'))).toBe('granted');
    const settled = Promise.allSettled(reads);
    for (let done = 0; done < 6; done += 1) {
      await until(() => gates.length > 0, { deadlineMs: 5_000, what: 'the next read to begin' });
      gates.shift()?.();
    }
    expect((await settled).filter((one) => one.status === 'rejected')).toHaveLength(1);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it('refuse who would wait longer than a sender does, and what no queue can hold', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const lanes = new Lanes();
      const gates: (() => void)[] = [];
      const held = () => new Promise<void>((resolve) => gates.push(resolve));
      const first = [lanes.run('write', held), lanes.run('write', held)];
      let late = 0;
      const waiting = Array.from({ length: 2000 }, () => lanes.run('write', () => Promise.resolve((late += 1))));
      await expect(lanes.run('write', held)).rejects.toMatchObject({ code: 'BUSY' });
      vi.advanceTimersByTime(10_001);
      for (const open of gates) open();
      await Promise.all(first);
      const settled = await Promise.allSettled(waiting);
      expect(settled.every((one) => one.status === 'rejected')).toBe(true);
      expect(late).toBe(0);
      expect(await lanes.run('write', () => Promise.resolve('again'))).toBe('again');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('readReport', () => {
  const report = { v: 1, trialId: 'trial-a', attempt: 1, workerId: 'worker-a', items: [{ type: 'succeeded' }] };

  it.each([
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0x00), /not JSON/],
    ['text that is no JSON', encode('{"v":1'), /not JSON/],
    ['another version', encode({ ...report, v: 2 }), /^v: /],
    ['an id that could be a subject', encode({ ...report, trialId: 'a.>' }), /^trialId: /],
    ['no items', encode({ ...report, items: [] }), /^items: /],
    [
      'a number that JSON turns into infinity',
      encode(
        JSON.stringify(report).replace(
          '{"type":"succeeded"}',
          '{"type":"metrics","points":[{"epoch":1,"split":"test","task":"a","metric":"b","value":1e999}]}',
        ),
      ),
      /value/,
    ],
    ['too many bytes', new Uint8Array(4 * 1024 * 1024 + 1), /bytes/],
  ])('says what is wrong with %s', (_, data, fault) => {
    expect(readReport(data).fault).toMatch(fault);
  });

  it('reads a report', () => {
    expect(readReport(encode(report)).report).toEqual(report);
  });
});

describe('failure', () => {
  it('tells errors on purpose with their faults, and nothing of others', () => {
    const spec = new SpecError([{ path: 'epochs', message: 'must be a number' }]);
    expect(failure(spec, 'submit', logger)).toMatchObject({
      ok: false,
      error: { code: 'SPEC_INVALID', faults: [{ path: 'epochs' }] },
    });
    const onPurpose = new SigmasweepError('NOT_FOUND', 'There is none.', { hint: 'Look.' });
    expect(failure(onPurpose, 'show', logger)).toMatchObject({ error: { code: 'NOT_FOUND', hint: 'Look.' } });
    const secret = new Error('connection to postgresql://user:secret@host failed');
    expect(JSON.stringify(failure(secret, 'show', logger))).not.toContain('secret');
    const away = Object.assign(new Error('x'), { cause: { kind: 'DatabaseNotReachable', host: 'secret' } });
    expect(failure(away, 'show', logger)).toMatchObject({ error: { code: 'DATABASE_UNAVAILABLE' } });
  });
});
