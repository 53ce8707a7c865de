import { describe, expect, it } from 'vitest';
import { CurveCache } from '../../services/dashboard/queries/curve-cache.js';
import type { SettingCurve, SettingStanding } from '../../services/dashboard/queries/curves.js';
import type { Database } from '../../services/shared/db/connect.js';

const database = {} as Database;
const wanted = { settings: ['a', 'b'], splits: ['train'], metrics: ['loss'] };

const curve = (settingKey: string, means: readonly number[]): SettingCurve => ({
  ...{ settingKey, split: 'train', task: 'depth', metric: 'loss', means },
  epochs: means.map((_, epoch) => epoch),
  deviations: means.map(() => null),
  seeds: means.map(() => 1),
});

/** A database with two settings whose curves and standings can be changed, and what was read from it. */
function watched() {
  const stored: Record<string, { standing: SettingStanding; means: number[] }> = {
    a: { standing: { key: 'a', mark: 'a-0:1', settled: true }, means: [3, 2] },
    b: { standing: { key: 'b', mark: 'b-0:1', settled: false }, means: [4] },
  };
  const read: string[][] = [];
  let now = 0;
  const cache = new CurveCache(
    {
      standings: (_, __, settings) => Promise.resolve(settings.flatMap((key) => stored[key]?.standing ?? [])),
      curves: (_, __, { settings }) => {
        read.push([...settings]);
        return Promise.resolve(settings.flatMap((key) => curve(key, (stored[key]?.means ?? []).slice())));
      },
    },
    () => now,
  );
  const means = async (sweepId = 'sweep') =>
    Object.fromEntries((await cache.read(database, sweepId, wanted)).map((one) => [one.settingKey, one.means]));
  return { stored, read, means, wait: (milliseconds: number) => (now += milliseconds) };
}

describe('the curves that are kept', () => {
  it('are read again only for settings that are being trained', async () => {
    const { stored, read, means } = watched();
    expect(await means()).toEqual({ a: [3, 2], b: [4] });
    stored['b']?.means.push(1);
    expect(await means()).toEqual({ a: [3, 2], b: [4, 1] });
    expect(read).toEqual([['a', 'b'], ['b']]);
  });

  it('show a late point of a setting that is being trained, wherever it belongs', async () => {
    const { stored, means } = watched();
    await means();
    stored['b']?.means.unshift(9);
    expect((await means())['b']).toEqual([9, 4]);
  });

  it('are read again when another attempt counts, and when the sweep was deleted', async () => {
    const { stored, means } = watched();
    await means();
    stored['a'] = { standing: { key: 'a', mark: 'a-0:2', settled: true }, means: [7] };
    expect((await means())['a']).toEqual([7]);
    delete stored['a'];
    delete stored['b'];
    expect(await means()).toEqual({});
  });

  it('are not older than ten minutes', async () => {
    const { stored, read, means, wait } = watched();
    await means();
    stored['a']?.means.push(1);
    wait(599_999);
    expect((await means())['a']).toEqual([3, 2]);
    wait(1);
    expect((await means())['a']).toEqual([3, 2, 1]);
    expect(read.at(-1)).toEqual(['a', 'b']);
  });

  it('of one sweep are not those of another', async () => {
    const { read, means } = watched();
    await means('first');
    await means('second');
    await means('first');
    expect(read).toEqual([['a', 'b'], ['a', 'b'], ['b']]);
  });

  it('are not kept beyond what memory allows', async () => {
    const { stored, read, means } = watched();
    if (stored['a'] !== undefined) stored['a'].means = Array.from({ length: 600_000 }, () => 1);
    await means('first');
    await means('second');
    read.length = 0;
    await means('second');
    await means('first');
    expect(read).toEqual([['b'], ['a', 'b']]);
  });
});
