import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { everySweep, LiveChanges } from '../../services/dashboard/live/live-changes.js';

const options = { minGap: 500, pollEvery: 5000 };

describe('live changes', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function watching(live: LiveChanges, topic: string) {
    const seen = { changed: 0, closed: 0 };
    const stop = live.watch(topic, { changed: () => (seen.changed += 1), closed: () => (seen.closed += 1) });
    return { seen, stop };
  }

  it('makes a burst of notices one telling at once and one after the gap, and loses none', async () => {
    const live = new LiveChanges(() => Promise.resolve('same'), options);
    const { seen } = watching(live, 'sweep-a');
    for (let count = 0; count < 100; count += 1) live.notice('sweep-a');
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.changed).toBe(1);
    for (let count = 0; count < 100; count += 1) live.notice('sweep-a');
    await vi.advanceTimersByTimeAsync(499);
    expect(seen.changed).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(seen.changed).toBe(2);
    live.close();
  });

  it('tells a sweep’s own pages and those of all sweeps, and no other', async () => {
    const live = new LiveChanges(() => Promise.resolve('same'), options);
    const own = watching(live, 'sweep-a');
    const other = watching(live, 'sweep-b');
    const all = watching(live, everySweep);
    live.notice('sweep-a');
    await vi.advanceTimersByTimeAsync(0);
    expect([own.seen.changed, other.seen.changed, all.seen.changed]).toEqual([1, 0, 1]);
    live.close();
  });

  it('asks the database when no notice comes, and tells only what has changed', async () => {
    let mark = 'one';
    const asked = vi.fn(() => Promise.resolve(mark));
    const live = new LiveChanges(asked, options);
    const { seen, stop } = watching(live, 'sweep-a');
    await vi.advanceTimersByTimeAsync(5500);
    const first = seen.changed;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(seen.changed).toBe(first);
    mark = 'two';
    await vi.advanceTimersByTimeAsync(6000);
    expect(seen.changed).toBe(first + 1);
    stop();
    const times = asked.mock.calls.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveBeenCalledTimes(times);
  });

  it('goes on asking after the database was away', async () => {
    let away = true;
    const live = new LiveChanges(() => (away ? Promise.reject(new Error('away')) : Promise.resolve('back')), options);
    const { seen } = watching(live, 'sweep-a');
    await vi.advanceTimersByTimeAsync(11_000);
    expect(seen.changed).toBe(0);
    away = false;
    await vi.advanceTimersByTimeAsync(6000);
    expect(seen.changed).toBe(1);
    live.close();
  });

  it('ends every listener when it is closed, and late ones at once', () => {
    const live = new LiveChanges(() => Promise.resolve(''), options);
    const early = watching(live, 'sweep-a');
    live.close();
    const late = watching(live, 'sweep-a');
    expect([early.seen.closed, late.seen.closed]).toEqual([1, 1]);
  });
});
