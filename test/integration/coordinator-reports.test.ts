import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cancel } from '../../services/coordinator/store/cancel.js';
import { deleteSweep } from '../../services/coordinator/store/delete-sweep.js';
import { findSweep } from '../../services/coordinator/store/list-sweeps.js';
import { reapLeases } from '../../services/coordinator/store/reap-leases.js';
import { recordReports } from '../../services/coordinator/store/record-reports.js';
import type { ReportItem } from '../../services/shared/messages/reports.js';
import {
  claimOf,
  claimTrial,
  failedItem,
  farFuture,
  granted,
  metricItem,
  reportOf,
  runningTrial,
  startStore,
  type StoreRig,
} from '../helpers/coordinator-rig.js';

const lease = 60;
let store: StoreRig;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

describe('recordReports', () => {
  it('refuses an attempt that lost its lease and says who has to be told', async () => {
    const lost = await runningTrial(store.database);
    await store.database.trial.update({ where: { id: lost.trialId }, data: { leaseUntil: new Date(0) } });
    await reapLeases(store.database, farFuture);
    const winner = { ...lost, workerId: 'worker-two', attempt: 2 };
    granted(await claimTrial(store.database, claimOf(lost.trialId, winner), lease));
    const before = await store.wholeOf(lost.trialId);

    const late = [reportOf(lost, metricItem(1), { type: 'heartbeat', step: 9, steps: 9 }, { type: 'succeeded' })];
    const recorded = await recordReports(store.database, late, lease);
    const { trialId, attempt, workerId } = lost;
    expect(recorded.lost).toEqual([{ trialId, attempt, workerId, reason: 'lease-lost' }]);
    expect(await store.wholeOf(trialId)).toEqual(before);

    await cancel(store.database, { trialId });
    const gone = { ...lost, trialId: 'trial-never-was' };
    const told = await recordReports(
      store.database,
      [reportOf(winner, metricItem(1)), reportOf(gone, metricItem(1))],
      lease,
    );
    expect(told.lost.map((one) => one.reason)).toEqual(['cancelled', 'gone']);
    expect(await store.database.metric.count({ where: { trialId } })).toBe(0);
  });

  it('changes nothing when the same batch comes twice', async () => {
    const one = await runningTrial(store.database);
    const two = await runningTrial(store.database);
    const at = new Date(0).toISOString();
    const batch = [
      reportOf(one, metricItem(1), metricItem(1), { type: 'log', lines: [{ seq: 0, at, level: 'info', text: 'a' }] }),
      reportOf(two, {
        type: 'picture',
        epoch: 1,
        sample: 0,
        task: 'trial',
        kind: 'input',
        png: 'iVBORw0KGgo=',
        numbers: [{ name: 'no\u0000name', position: 2, value: 0.75 }],
      }),
      reportOf(one, { type: 'heartbeat', step: 5, steps: 10 }, metricItem(2), { type: 'succeeded' }),
      reportOf(two, failedItem(true)),
    ];
    expect((await recordReports(store.database, batch, lease)).lost).toEqual([]);
    const after = [await store.wholeOf(one.trialId), await store.wholeOf(two.trialId)];
    expect(after[0]).toMatchObject({ trial: { state: 'succeeded', step: 5 }, lines: [{ text: 'a' }] });
    expect(after[0]?.metrics.map((metric) => metric.epoch)).toEqual([1, 2]);
    expect(after[1]).toMatchObject({ trial: { state: 'queued', failures: 1 }, pictures: [{ sample: 0 }], rings: 2 });
    expect(JSON.parse(after[1]?.pictures[0]?.numbers ?? '')).toEqual([
      { name: 'no\u0000name', position: 2, value: 0.75 },
    ]);
    expect(after[1]?.pictures[0]?.png).toEqual(new Uint8Array(Buffer.from('iVBORw0KGgo=', 'base64')));

    expect(await recordReports(store.database, batch, lease)).toMatchObject({
      lost: [],
      interrupted: [],
      rung: false,
      refused: [],
    });
    expect([await store.wholeOf(one.trialId), await store.wholeOf(two.trialId)]).toEqual(after);
  });

  it('stores a point once that is there already or is said twice, and all that are beside it', async () => {
    const [known, twice, beside] = [
      await runningTrial(store.database),
      await runningTrial(store.database),
      await runningTrial(store.database),
    ];
    await recordReports(store.database, [reportOf(known, metricItem(1, 0.25))], lease);
    const batch = [
      reportOf(known, metricItem(1, 0.25), metricItem(2)),
      reportOf(twice, metricItem(1, 0.75)),
      reportOf(beside, metricItem(1), { type: 'succeeded' }),
      reportOf(twice, metricItem(1, 0.75)),
    ];
    expect((await recordReports(store.database, batch, lease)).refused).toEqual([]);
    const stored = async ({ trialId }: typeof known): Promise<number[][]> =>
      (await store.wholeOf(trialId)).metrics.map(({ epoch, value }) => [epoch, value]);
    expect(await stored(known)).toEqual([
      [1, 0.25],
      [2, 0.5],
    ]);
    expect(await stored(twice)).toEqual([[1, 0.75]]);
    expect(await stored(beside)).toEqual([[1, 0.5]]);
    expect(await store.trialOf(beside.trialId)).toMatchObject({ state: 'succeeded' });
  });

  it('forgets the points of a sweep that is deleted, and only these', async () => {
    const [gone, stays] = [await runningTrial(store.database), await runningTrial(store.database)];
    const end = { type: 'succeeded' } as const;
    const batch = [gone, stays].map((trial) => reportOf(trial, metricItem(1), metricItem(2), end));
    await recordReports(store.database, batch, lease);
    await deleteSweep(store.database, gone.sweepId);
    expect(await store.database.metric.count({ where: { trialId: gone.trialId } })).toBe(0);
    expect(await store.database.metric.count({ where: { trialId: stays.trialId } })).toBe(2);
  });

  it('keeps metrics that are redelivered after the result of their attempt', async () => {
    const trial = await runningTrial(store.database);
    await recordReports(store.database, [reportOf(trial, metricItem(2), { type: 'succeeded' })], lease);
    await recordReports(store.database, [reportOf(trial, metricItem(1))], lease);
    expect((await store.wholeOf(trial.trialId)).metrics.map((metric) => metric.epoch)).toEqual([1, 2]);
  });

  it('refuses a report with a value that cannot be, and records the ones beside it', async () => {
    const [before, bad, after] = [
      await runningTrial(store.database),
      await runningTrial(store.database),
      await runningTrial(store.database),
    ];
    const poisons: ReportItem[] = [
      metricItem(3_000_000_000),
      metricItem(1, Number.NaN),
      metricItem(1, 0.5, { split: 'holdout' }),
      metricItem(1, 0.5, { task: 'a\0b' }),
    ];
    const batch = [
      reportOf(before, metricItem(1)),
      ...poisons.map((poison) => reportOf(bad, metricItem(7), poison)),
      reportOf(after, metricItem(1), { type: 'succeeded' }),
    ];
    const { refused } = await recordReports(store.database, batch, lease);
    expect(refused.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
    expect(await store.database.metric.count({ where: { trialId: before.trialId } })).toBe(1);
    expect(await store.trialOf(after.trialId)).toMatchObject({ state: 'succeeded' });
    // What a message holds is recorded together or not at all.
    expect(await store.database.metric.count({ where: { trialId: bad.trialId } })).toBe(0);
    expect(await store.trialOf(bad.trialId)).toMatchObject({ state: 'running' });
  });

  it('stores texts that PostgreSQL cannot hold as they are', async () => {
    const trial = await runningTrial(store.database);
    const at = new Date(0).toISOString();
    const text = 'half a pair \ud800, a zero \0';
    const lines: ReportItem = { type: 'log', lines: [{ seq: 0, at, level: 'error', text }] };
    const { refused } = await recordReports(store.database, [reportOf(trial, lines, failedItem(false, text))], lease);
    expect(refused).toEqual([]);
    const stored = await store.wholeOf(trial.trialId);
    expect(stored.lines[0]?.text).toBe('half a pair \uFFFD, a zero \uFFFD');
    expect(stored.trial.error).toMatchObject({ message: 'half a pair \uFFFD, a zero \uFFFD' });
  });

  it('extends the lease with any report, and takes the budget of failures down only for failures', async () => {
    const trial = await runningTrial(store.database, { maxFailures: 2, leaseSeconds: 1 });
    const granted1 = (await store.trialOf(trial.trialId)).leaseUntil?.getTime() ?? 0;
    await recordReports(store.database, [reportOf(trial, metricItem(1))], lease);
    expect((await store.trialOf(trial.trialId)).leaseUntil?.getTime()).toBeGreaterThan(granted1 + 30_000);

    await recordReports(store.database, [reportOf(trial, { type: 'handed-back', reason: 'SIGTERM' })], lease);
    expect(await store.trialOf(trial.trialId)).toMatchObject({ state: 'queued', failures: 0, workerId: null });
    const second = claimOf(trial.trialId);
    granted(await claimTrial(store.database, second, lease));
    await recordReports(store.database, [reportOf({ ...second, attempt: 2 }, failedItem(true))], lease);
    expect(await store.trialOf(trial.trialId)).toMatchObject({ state: 'queued', failures: 1, error: null });
    const third = claimOf(trial.trialId);
    granted(await claimTrial(store.database, third, lease));
    await recordReports(store.database, [reportOf({ ...third, attempt: 3 }, failedItem(true))], lease);
    expect(await store.trialOf(trial.trialId)).toMatchObject({
      state: 'failed',
      failures: 2,
      error: { code: 'LOSS_NOT_FINITE' },
      attempts: [{ outcome: 'handed-back' }, { outcome: 'failed' }, { outcome: 'failed' }],
    });
    // Rung when submitted, handed back and failed for the first time.
    expect(await store.unsent(trial.trialId)).toBe(3);
    expect((await findSweep(store.database, trial.sweepId))?.endedAt).not.toBeNull();
  });
});

describe('reapLeases', () => {
  it('queues a trial again whose lease ended, fails it when its budget is used up, and not before its time', async () => {
    const trial = await runningTrial(store.database, { maxFailures: 2 });
    await store.database.trial.update({ where: { id: trial.trialId }, data: { leaseUntil: new Date() } });
    const ended = (await store.trialOf(trial.trialId)).leaseUntil?.getTime() ?? 0;
    // Reports are recorded only up to a moment before the lease ended: one that waits could have extended it.
    expect((await reapLeases(store.database, ended - 1)).lost).toEqual([]);
    const { lost } = await reapLeases(store.database, farFuture);
    expect(lost).toContainEqual({ trialId: trial.trialId, attempt: 1, workerId: trial.workerId, reason: 'lease-lost' });
    expect(await store.trialOf(trial.trialId)).toMatchObject({ state: 'queued', failures: 1 });
    expect(await store.unsent(trial.trialId)).toBe(2);

    granted(await claimTrial(store.database, claimOf(trial.trialId), lease));
    // A lease that is not over is not ended, however far reports are recorded.
    expect((await reapLeases(store.database, farFuture)).lost).toEqual([]);
    await store.database.trial.update({ where: { id: trial.trialId }, data: { leaseUntil: new Date(0) } });
    const [a, b] = await Promise.all([reapLeases(store.database, farFuture), reapLeases(store.database, farFuture)]);
    expect([...a.lost, ...b.lost].filter((one) => one.trialId === trial.trialId)).toHaveLength(1);
    expect(await store.trialOf(trial.trialId)).toMatchObject({
      state: 'failed',
      failures: 2,
      error: { code: 'LEASE_LOST' },
      attempts: [{ outcome: 'lease-expired' }, { outcome: 'lease-expired' }],
    });
  });
});
