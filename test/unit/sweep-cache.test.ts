import { describe, expect, it } from 'vitest';
import { SweepCache } from '../../services/dashboard/live/sweep-cache.js';

describe('what is kept of sweeps', () => {
  it('makes it once for a sweep, for all who ask, and again when the sweep has changed', async () => {
    const cache = new SweepCache<string>();
    let made = 0;
    const make = () => Promise.resolve(`charts ${String((made += 1))}`);
    const [first, second] = await Promise.all([cache.read('a', '1', make), cache.read('a', '1', make)]);
    expect([first, second, made]).toEqual(['charts 1', 'charts 1', 1]);
    expect(await cache.read('b', '1', make)).toBe('charts 2');
    expect(await cache.read('a', '2', make)).toBe('charts 3');
  });

  it('does not keep a failure', async () => {
    const cache = new SweepCache<string>();
    await expect(cache.read('a', '1', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await cache.read('a', '1', () => Promise.resolve('charts'))).toBe('charts');
  });

  it('forgets the sweep that was asked for least recently', async () => {
    const cache = new SweepCache<string>();
    let made = 0;
    const make = () => Promise.resolve(String((made += 1)));
    await cache.read('first', '1', make);
    for (let sweep = 0; sweep < 15; sweep += 1) await cache.read(`sweep-${sweep}`, '1', make);
    await cache.read('first', '1', make);
    expect(made).toBe(16);
    await cache.read('one more', '1', make);
    await cache.read('first', '1', make);
    expect(made).toBe(17);
    await cache.read('sweep-0', '1', make);
    expect(made).toBe(18);
  });
});
