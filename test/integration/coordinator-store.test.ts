import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cancel } from '../../services/coordinator/store/cancel.js';
import { listTrials } from '../../services/coordinator/store/list-trials.js';
import { findSweep } from '../../services/coordinator/store/list-sweeps.js';
import { reapLeases } from '../../services/coordinator/store/reap-leases.js';
import { recordReports } from '../../services/coordinator/store/record-reports.js';
import { retry } from '../../services/coordinator/store/retry.js';
import { submitSweep } from '../../services/coordinator/store/submit-sweep.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import type { ReportItem } from '../../services/shared/messages/reports.js';
import {
  claimAny,
  claimOf,
  claimRequest,
  claimTrial,
  failedItem,
  farFuture,
  granted,
  metricItem,
  plannedSweep,
  reportOf,
  runningTrial,
  startStore,
  type StoreRig,
  submitTrials,
} from '../helpers/coordinator-rig.js';

const lease = 60;
let store: StoreRig;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

describe('submitSweep', () => {
  it('gives the same sweep for the same submission, also when two race, and refuses another body', async () => {
    const submission = plannedSweep(3);
    const answers = await Promise.all(Array.from({ length: 6 }, () => submitSweep(store.database, submission)));
    expect(new Set(answers.map((answer) => answer.sweepId)).size).toBe(1);
    expect(answers.filter((answer) => answer.created)).toHaveLength(1);
    expect(answers.map((answer) => answer.trials)).toEqual(Array<number>(6).fill(3));
    const { sweepId } = answers[0] ?? { sweepId: '' };
    expect(await store.database.trial.count({ where: { sweepId } })).toBe(3);
    expect(await store.database.outbox.count({ where: { sweepId } })).toBe(3);
    const other = { ...submission, spec: { ...submission.spec, name: 'another' } };
    await expect(submitSweep(store.database, other)).rejects.toMatchObject({
      code: 'SUBMISSION_CONFLICT',
      ids: { sweepId },
    });
    expect(await store.database.sweep.count({ where: { idempotencyKey: submission.idempotencyKey } })).toBe(1);
  });

  it('stores ten thousand trials as planned, and all of a sweep or nothing', async () => {
    const submission = plannedSweep(10_000);
    const { sweepId, trials } = await submitSweep(store.database, submission);
    expect(trials).toBe(10_000);
    const listed = await listTrials(store.database, sweepId);
    expect(listed.map((trial) => trial.label)).toEqual(submission.trials.map((trial) => trial.label));
    const rings = await store.database.$queryRaw<{ in_order: boolean }[]>`
      SELECT bool_and(o.n = t.position + 1) AS in_order
      FROM (SELECT trial_id, row_number() OVER (ORDER BY id) AS n FROM outbox WHERE sweep_id = ${sweepId}) o
      JOIN trial t ON t.id = o.trial_id`;
    expect(rings).toEqual([{ in_order: true }]);

    const bad = plannedSweep(2);
    const twice = { ...bad, trials: [...bad.trials, ...bad.trials] };
    await expect(submitSweep(store.database, twice)).rejects.toThrow();
    expect(await store.database.sweep.count({ where: { idempotencyKey: bad.idempotencyKey } })).toBe(0);
    await cancel(store.database, { sweepId });
  });
});

describe('claimTrial', () => {
  it('grants a command’s trial only to a worker that has the command, and leaves it to others else', async () => {
    const data = { command: 'discs', tasks: { range: { kind: 'depth' } } };
    const points = [{ range: 1 }];
    const spec = parseSweepSpec(
      { name: 'a program', workload: 'command', data, tasks: ['range'], grid: { points }, epochs: 1 },
      { quick: false },
    );
    const { settings, trials } = planSweep(spec);
    const { trialIds } = await submitTrials(store.database, 1, { spec, settings, trials });
    const [trialId = ''] = trialIds;
    for (const commands of [[], ['dis', 'discs2']]) {
      const answer = await claimTrial(store.database, { ...claimOf(trialId), commands }, lease);
      expect(answer).toEqual({ granted: false, reason: 'what is queued needs another worker', forOthers: true });
    }
    expect(await store.trialOf(trialId)).toMatchObject({ state: 'queued', attempt: 0 });
    const claim = { ...claimOf(trialId), commands: ['other', 'discs'] };
    expect(granted(await claimTrial(store.database, claim, lease))).toMatchObject({ attempt: 1, config: { data } });
  });

  it('grants exactly one of twenty claims that race for a trial', async () => {
    const { sweepId, trialIds } = await submitTrials(store.database, 1);
    const [trialId = ''] = trialIds;
    const { labels } = await store.database.schedule.findUniqueOrThrow({ where: { sweepId } });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => claimAny(store.database, claimRequest({ labels }), lease)),
    );
    expect(answers.filter((answer) => answer.granted)).toHaveLength(1);
    expect(new Set(answers.map((answer) => (answer.granted ? answer.trialId : 'none')))).toEqual(
      new Set([trialId, 'none']),
    );
    expect(await store.trialOf(trialId)).toMatchObject({ state: 'running', attempt: 1, attempts: [{ number: 1 }] });
  });

  it('gives a repeated claim its attempt while that runs, and never a second one', async () => {
    const { trialIds } = await submitTrials(store.database, 1);
    const [trialId = ''] = trialIds;
    const claim = claimOf(trialId);
    const first = granted(await claimTrial(store.database, claim, lease));
    const again = await Promise.all(Array.from({ length: 5 }, () => claimTrial(store.database, claim, lease)));
    expect(again).toEqual(Array(5).fill(first));
    expect((await claimTrial(store.database, { ...claim, workerId: 'worker-other' }, lease)).granted).toBe(false);

    await recordReports(store.database, [reportOf({ ...claim, attempt: 1 }, failedItem(true))], lease);
    expect(await claimTrial(store.database, claim, lease)).toEqual({
      granted: false,
      reason: 'the attempt of this claim is over',
    });
    expect(await store.trialOf(trialId)).toMatchObject({ state: 'queued', attempt: 1 });
    expect(granted(await claimTrial(store.database, claimOf(trialId), lease)).attempt).toBe(2);
  });

  it('hands out the configuration that was planned', async () => {
    const submission = plannedSweep(1);
    const { sweepId } = await submitSweep(store.database, submission);
    const trial = await store.database.trial.findFirstOrThrow({ where: { sweepId } });
    const answer = granted(await claimTrial(store.database, claimOf(trial.id), lease));
    expect(answer).toMatchObject({ sweepId, config: submission.trials[0]?.config, label: submission.trials[0]?.label });
    expect((await claimTrial(store.database, claimOf('trial-unknown'), lease)).granted).toBe(false);
  });
});

describe('cancel and retry', () => {
  it('leave one terminal state when cancelling races finishing, failing and reaping', async () => {
    const endings: ReportItem[] = [{ type: 'succeeded' }, failedItem(true), { type: 'handed-back', reason: 'SIGTERM' }];
    for (let round = 0; round < 60; round += 1) {
      const trial = await runningTrial(store.database);
      if (round % 4 === 3)
        await store.database.trial.update({ where: { id: trial.trialId }, data: { leaseUntil: new Date(0) } });
      const finish =
        round % 4 === 3
          ? reapLeases(store.database, farFuture)
          : recordReports(store.database, [reportOf(trial, metricItem(1), endings[round % 4] as ReportItem)], lease);
      const [{ trials, stopped }] = await Promise.all([cancel(store.database, { trialId: trial.trialId }), finish]);
      const { state, attempts } = await store.trialOf(trial.trialId);
      expect(trials === 1 ? 'cancelled' : 'succeeded').toBe(state);
      // Only who cancelled the running attempt tells its worker, and the attempt is over whoever was first.
      expect(attempts).toHaveLength(1);
      expect(attempts[0]?.outcome === 'cancelled').toBe(stopped.length === 1);
      expect(attempts[0]?.endedAt).not.toBeNull();
    }
  });

  it('leave no claimed attempt behind when cancelling races claiming', async () => {
    for (let round = 0; round < 40; round += 1) {
      const { sweepId, trialIds } = await submitTrials(store.database, 1);
      const [trialId = ''] = trialIds;
      await Promise.all([cancel(store.database, { sweepId }), claimTrial(store.database, claimOf(trialId), lease)]);
      const { state, attempts } = await store.trialOf(trialId);
      expect(state).toBe('cancelled');
      expect(attempts.every((attempt) => attempt.outcome === 'cancelled')).toBe(true);
      expect((await findSweep(store.database, sweepId))?.state).toBe('cancelled');
    }
  });

  it('notice the end of a sweep whose last two trials end at the same moment', async () => {
    for (let round = 0; round < 25; round += 1) {
      const { sweepId, trialIds } = await submitTrials(store.database, 2);
      const claims = trialIds.map((trialId) => claimOf(trialId));
      for (const claim of claims) granted(await claimTrial(store.database, claim, lease));
      expect((await findSweep(store.database, sweepId))?.endedAt).toBeNull();
      await Promise.all(
        claims.map((claim) =>
          recordReports(store.database, [reportOf({ ...claim, attempt: 1 }, { type: 'succeeded' })], lease),
        ),
      );
      expect((await findSweep(store.database, sweepId))?.endedAt).not.toBeNull();
    }
  });

  it('queue again, with a new budget, what failed or was cancelled, and only that', async () => {
    const { sweepId, trialIds } = await submitTrials(store.database, 4, { maxFailures: 1 });
    const [succeeded = '', failed = '', cancelled = '', queued = ''] = trialIds;
    for (const [trialId, item] of [
      [succeeded, { type: 'succeeded' }],
      [failed, failedItem(true)],
    ] as const) {
      const claim = claimOf(trialId);
      granted(await claimTrial(store.database, claim, lease));
      await recordReports(store.database, [reportOf({ ...claim, attempt: 1 }, item)], lease);
    }
    await cancel(store.database, { trialId: cancelled });
    const before = await store.wholeOf(succeeded);
    const answers = await Promise.all([retry(store.database, { sweepId }), retry(store.database, { sweepId })]);
    expect(answers.map((answer) => answer.trials).sort()).toEqual([0, 2]);
    expect(await store.trialOf(failed)).toMatchObject({
      state: 'queued',
      failures: 0,
      error: null,
      attempt: 1,
      endedAt: null,
    });
    expect(await store.trialOf(cancelled)).toMatchObject({ state: 'queued' });
    expect(await Promise.all([failed, cancelled, queued].map(store.unsent))).toEqual([2, 2, 1]);
    expect(await store.wholeOf(succeeded)).toEqual(before);
    expect((await findSweep(store.database, sweepId))?.endedAt).toBeNull();
    expect(granted(await claimTrial(store.database, claimOf(failed), lease)).attempt).toBe(2);
    await expect(retry(store.database, { trialId: 'trial-none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(cancel(store.database, { sweepId: 'sweep-none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
