import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyMigrations } from '../../services/coordinator/store/apply-migrations.js';
import { cancel } from '../../services/coordinator/store/cancel.js';
import { claimTrial } from '../../services/coordinator/store/claim-trial.js';
import { databaseTime } from '../../services/coordinator/store/clock.js';
import { listTrials } from '../../services/coordinator/store/list-trials.js';
import { findSweep } from '../../services/coordinator/store/list-sweeps.js';
import { reapLeases } from '../../services/coordinator/store/reap-leases.js';
import { recordPresence } from '../../services/coordinator/store/record-presence.js';
import { recordReports } from '../../services/coordinator/store/record-reports.js';
import { relayRings, type Ring } from '../../services/coordinator/store/relay-rings.js';
import { retry } from '../../services/coordinator/store/retry.js';
import { ringAgain } from '../../services/coordinator/store/ring-again.js';
import { submitSweep } from '../../services/coordinator/store/submit-sweep.js';
import { connectDatabase, type Database } from '../../services/shared/db/connect.js';
import type { ReportItem } from '../../services/shared/messages/reports.js';
import { transitions, trialStates, type TrialState } from '../../services/shared/trial-state.js';
import {
  claimOf,
  failedItem,
  granted,
  metricItem,
  plannedSweep,
  reportOf,
  runningTrial,
  submitTrials,
} from '../helpers/coordinator-rig.js';
import { startPostgres, type TestServer } from '../helpers/servers.js';

const lease = 60;
let postgres: TestServer;
let database: Database;

beforeAll(async () => {
  postgres = await startPostgres();
  await applyMigrations(postgres.url);
  database = connectDatabase(postgres.url, 24);
});
afterAll(async () => {
  await database.$disconnect();
  await postgres.stop();
});

const trialOf = (id: string) => database.trial.findUniqueOrThrow({ where: { id }, include: { attempts: true } });
const unsent = (trialId: string) => database.outbox.count({ where: { trialId, sentAt: null } });
/** Everything the database holds of a trial, to see that something changed nothing. */
const wholeOf = async (trialId: string) => ({
  trial: await trialOf(trialId),
  metrics: await database.metric.findMany({ where: { trialId }, orderBy: [{ attempt: 'asc' }, { epoch: 'asc' }] }),
  lines: await database.logLine.findMany({ where: { trialId }, orderBy: { seq: 'asc' } }),
  pictures: await database.picture.findMany({ where: { trialId } }),
  rings: await database.outbox.count({ where: { trialId } }),
});
const farFuture = 8.64e15;

describe('submitSweep', () => {
  it('gives the same sweep for the same submission, also when two race, and refuses another body', async () => {
    const submission = plannedSweep(3);
    const answers = await Promise.all(Array.from({ length: 6 }, () => submitSweep(database, submission)));
    expect(new Set(answers.map((answer) => answer.sweepId)).size).toBe(1);
    expect(answers.filter((answer) => answer.created)).toHaveLength(1);
    expect(answers.map((answer) => answer.trials)).toEqual(Array<number>(6).fill(3));
    const { sweepId } = answers[0] ?? { sweepId: '' };
    expect(await database.trial.count({ where: { sweepId } })).toBe(3);
    expect(await database.outbox.count({ where: { sweepId } })).toBe(3);
    const other = { ...submission, spec: { ...submission.spec, name: 'another' } };
    await expect(submitSweep(database, other)).rejects.toMatchObject({ code: 'SUBMISSION_CONFLICT', ids: { sweepId } });
    expect(await database.sweep.count({ where: { idempotencyKey: submission.idempotencyKey } })).toBe(1);
  });

  it('stores ten thousand trials as planned, and all of a sweep or nothing', async () => {
    const submission = plannedSweep(10_000);
    const { sweepId, trials } = await submitSweep(database, submission);
    expect(trials).toBe(10_000);
    const listed = await listTrials(database, sweepId);
    expect(listed.map((trial) => trial.label)).toEqual(submission.trials.map((trial) => trial.label));
    const rings = await database.$queryRaw<{ in_order: boolean }[]>`
      SELECT bool_and(o.n = t.position + 1) AS in_order
      FROM (SELECT trial_id, row_number() OVER (ORDER BY id) AS n FROM outbox WHERE sweep_id = ${sweepId}) o
      JOIN trial t ON t.id = o.trial_id`;
    expect(rings).toEqual([{ in_order: true }]);

    const bad = plannedSweep(2);
    const twice = { ...bad, trials: [...bad.trials, ...bad.trials] };
    await expect(submitSweep(database, twice)).rejects.toThrow();
    expect(await database.sweep.count({ where: { idempotencyKey: bad.idempotencyKey } })).toBe(0);
    await cancel(database, { sweepId });
  });
});

describe('claimTrial', () => {
  it('grants exactly one of twenty claims that race for a trial', async () => {
    const { trialIds } = await submitTrials(database, 1);
    const [trialId = ''] = trialIds;
    const answers = await Promise.all(Array.from({ length: 20 }, () => claimTrial(database, claimOf(trialId), lease)));
    expect(answers.filter((answer) => answer.granted)).toHaveLength(1);
    for (const answer of answers) if (!answer.granted) expect(answer.reason).toBe('the trial is running');
    expect(await trialOf(trialId)).toMatchObject({ state: 'running', attempt: 1, attempts: [{ number: 1 }] });
  });

  it('gives a repeated claim its attempt while that runs, and never a second one', async () => {
    const { trialIds } = await submitTrials(database, 1);
    const [trialId = ''] = trialIds;
    const claim = claimOf(trialId);
    const first = granted(await claimTrial(database, claim, lease));
    const again = await Promise.all(Array.from({ length: 5 }, () => claimTrial(database, claim, lease)));
    expect(again).toEqual(Array(5).fill(first));
    expect((await claimTrial(database, { ...claim, workerId: 'worker-other' }, lease)).granted).toBe(false);

    await recordReports(database, [reportOf({ ...claim, attempt: 1 }, failedItem(true))], lease);
    expect(await claimTrial(database, claim, lease)).toEqual({
      granted: false,
      reason: 'the attempt of this claim is over',
    });
    expect(await trialOf(trialId)).toMatchObject({ state: 'queued', attempt: 1 });
    expect(granted(await claimTrial(database, claimOf(trialId), lease)).attempt).toBe(2);
  });

  it('hands out the configuration that was planned', async () => {
    const submission = plannedSweep(1);
    const { sweepId } = await submitSweep(database, submission);
    const trial = await database.trial.findFirstOrThrow({ where: { sweepId } });
    const answer = granted(await claimTrial(database, claimOf(trial.id), lease));
    expect(answer).toMatchObject({ sweepId, config: submission.trials[0]?.config, label: submission.trials[0]?.label });
    expect((await claimTrial(database, claimOf('trial-unknown'), lease)).granted).toBe(false);
  });
});

describe('recordReports', () => {
  it('refuses an attempt that lost its lease and says who has to be told', async () => {
    const lost = await runningTrial(database);
    await database.trial.update({ where: { id: lost.trialId }, data: { leaseUntil: new Date(0) } });
    await reapLeases(database, farFuture);
    const winner = { ...lost, workerId: 'worker-two', attempt: 2 };
    granted(await claimTrial(database, claimOf(lost.trialId, winner), lease));
    const before = await wholeOf(lost.trialId);

    const late = [reportOf(lost, metricItem(1), { type: 'heartbeat', step: 9, steps: 9 }, { type: 'succeeded' })];
    const recorded = await recordReports(database, late, lease);
    const { trialId, attempt, workerId } = lost;
    expect(recorded.lost).toEqual([{ trialId, attempt, workerId, reason: 'lease-lost' }]);
    expect(await wholeOf(trialId)).toEqual(before);

    await cancel(database, { trialId });
    const gone = { ...lost, trialId: 'trial-never-was' };
    const told = await recordReports(database, [reportOf(winner, metricItem(1)), reportOf(gone, metricItem(1))], lease);
    expect(told.lost.map((one) => one.reason)).toEqual(['cancelled', 'gone']);
    expect(await database.metric.count({ where: { trialId } })).toBe(0);
  });

  it('changes nothing when the same batch comes twice', async () => {
    const one = await runningTrial(database);
    const two = await runningTrial(database);
    const at = new Date(0).toISOString();
    const batch = [
      reportOf(one, metricItem(1), metricItem(1), { type: 'log', lines: [{ seq: 0, at, level: 'info', text: 'a' }] }),
      reportOf(two, { type: 'picture', epoch: 1, sample: 0, task: 'trial', kind: 'input', png: 'iVBORw0KGgo=' }),
      reportOf(one, { type: 'heartbeat', step: 5, steps: 10 }, metricItem(2), { type: 'succeeded' }),
      reportOf(two, failedItem(true)),
    ];
    expect((await recordReports(database, batch, lease)).lost).toEqual([]);
    const after = [await wholeOf(one.trialId), await wholeOf(two.trialId)];
    expect(after[0]).toMatchObject({ trial: { state: 'succeeded', step: 5 }, lines: [{ text: 'a' }] });
    expect(after[0]?.metrics.map((metric) => metric.epoch)).toEqual([1, 2]);
    expect(after[1]).toMatchObject({ trial: { state: 'queued', failures: 1 }, pictures: [{ sample: 0 }], rings: 2 });
    expect(after[1]?.pictures[0]?.png).toEqual(new Uint8Array(Buffer.from('iVBORw0KGgo=', 'base64')));

    expect(await recordReports(database, batch, lease)).toMatchObject({ lost: [], queuedAgain: false, refused: [] });
    expect([await wholeOf(one.trialId), await wholeOf(two.trialId)]).toEqual(after);
  });

  it('keeps metrics that are redelivered after the result of their attempt', async () => {
    const trial = await runningTrial(database);
    await recordReports(database, [reportOf(trial, metricItem(2), { type: 'succeeded' })], lease);
    await recordReports(database, [reportOf(trial, metricItem(1))], lease);
    expect((await wholeOf(trial.trialId)).metrics.map((metric) => metric.epoch)).toEqual([1, 2]);
  });

  it('refuses a report with a value that cannot be, and records the ones beside it', async () => {
    const [before, bad, after] = [
      await runningTrial(database),
      await runningTrial(database),
      await runningTrial(database),
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
    const { refused } = await recordReports(database, batch, lease);
    expect(refused.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
    expect(await database.metric.count({ where: { trialId: before.trialId } })).toBe(1);
    expect(await trialOf(after.trialId)).toMatchObject({ state: 'succeeded' });
    // What a message holds is recorded together or not at all.
    expect(await database.metric.count({ where: { trialId: bad.trialId } })).toBe(0);
    expect(await trialOf(bad.trialId)).toMatchObject({ state: 'running' });
  });

  it('stores texts that PostgreSQL cannot hold as they are', async () => {
    const trial = await runningTrial(database);
    const at = new Date(0).toISOString();
    const text = 'half a pair \ud800, a zero \0';
    const lines: ReportItem = { type: 'log', lines: [{ seq: 0, at, level: 'error', text }] };
    const { refused } = await recordReports(database, [reportOf(trial, lines, failedItem(false, text))], lease);
    expect(refused).toEqual([]);
    const stored = await wholeOf(trial.trialId);
    expect(stored.lines[0]?.text).toBe('half a pair \uFFFD, a zero \uFFFD');
    expect(stored.trial.error).toMatchObject({ message: 'half a pair \uFFFD, a zero \uFFFD' });
  });

  it('extends the lease with any report, and takes the budget of failures down only for failures', async () => {
    const trial = await runningTrial(database, { maxFailures: 2, leaseSeconds: 1 });
    const granted1 = (await trialOf(trial.trialId)).leaseUntil?.getTime() ?? 0;
    await recordReports(database, [reportOf(trial, metricItem(1))], lease);
    expect((await trialOf(trial.trialId)).leaseUntil?.getTime()).toBeGreaterThan(granted1 + 30_000);

    await recordReports(database, [reportOf(trial, { type: 'handed-back', reason: 'SIGTERM' })], lease);
    expect(await trialOf(trial.trialId)).toMatchObject({ state: 'queued', failures: 0, workerId: null });
    const second = claimOf(trial.trialId);
    granted(await claimTrial(database, second, lease));
    await recordReports(database, [reportOf({ ...second, attempt: 2 }, failedItem(true))], lease);
    expect(await trialOf(trial.trialId)).toMatchObject({ state: 'queued', failures: 1, error: null });
    const third = claimOf(trial.trialId);
    granted(await claimTrial(database, third, lease));
    await recordReports(database, [reportOf({ ...third, attempt: 3 }, failedItem(true))], lease);
    expect(await trialOf(trial.trialId)).toMatchObject({
      state: 'failed',
      failures: 2,
      error: { code: 'LOSS_NOT_FINITE' },
      attempts: [{ outcome: 'handed-back' }, { outcome: 'failed' }, { outcome: 'failed' }],
    });
    // Rung when submitted, handed back and failed for the first time.
    expect(await unsent(trial.trialId)).toBe(3);
    expect((await findSweep(database, trial.sweepId))?.endedAt).not.toBeNull();
  });
});

describe('reapLeases', () => {
  it('queues a trial again whose lease ended, fails it when its budget is used up, and not before its time', async () => {
    const trial = await runningTrial(database, { maxFailures: 2 });
    await database.trial.update({ where: { id: trial.trialId }, data: { leaseUntil: new Date() } });
    const ended = (await trialOf(trial.trialId)).leaseUntil?.getTime() ?? 0;
    // Reports are recorded only up to a moment before the lease ended: one that waits could have extended it.
    expect((await reapLeases(database, ended - 1)).lost).toEqual([]);
    const { lost } = await reapLeases(database, farFuture);
    expect(lost).toContainEqual({ trialId: trial.trialId, attempt: 1, workerId: trial.workerId, reason: 'lease-lost' });
    expect(await trialOf(trial.trialId)).toMatchObject({ state: 'queued', failures: 1 });
    expect(await unsent(trial.trialId)).toBe(2);

    granted(await claimTrial(database, claimOf(trial.trialId), lease));
    // A lease that is not over is not ended, however far reports are recorded.
    expect((await reapLeases(database, farFuture)).lost).toEqual([]);
    await database.trial.update({ where: { id: trial.trialId }, data: { leaseUntil: new Date(0) } });
    const [a, b] = await Promise.all([reapLeases(database, farFuture), reapLeases(database, farFuture)]);
    expect([...a.lost, ...b.lost].filter((one) => one.trialId === trial.trialId)).toHaveLength(1);
    expect(await trialOf(trial.trialId)).toMatchObject({
      state: 'failed',
      failures: 2,
      error: { code: 'LEASE_LOST' },
      attempts: [{ outcome: 'lease-expired' }, { outcome: 'lease-expired' }],
    });
  });
});

describe('cancel and retry', () => {
  it('leave one terminal state when cancelling races finishing, failing and reaping', async () => {
    const endings: ReportItem[] = [{ type: 'succeeded' }, failedItem(true), { type: 'handed-back', reason: 'SIGTERM' }];
    for (let round = 0; round < 60; round += 1) {
      const trial = await runningTrial(database);
      if (round % 4 === 3)
        await database.trial.update({ where: { id: trial.trialId }, data: { leaseUntil: new Date(0) } });
      const finish =
        round % 4 === 3
          ? reapLeases(database, farFuture)
          : recordReports(database, [reportOf(trial, metricItem(1), endings[round % 4] as ReportItem)], lease);
      const [{ trials, stopped }] = await Promise.all([cancel(database, { trialId: trial.trialId }), finish]);
      const { state, attempts } = await trialOf(trial.trialId);
      expect(trials === 1 ? 'cancelled' : 'succeeded').toBe(state);
      // Only who cancelled the running attempt tells its worker, and the attempt is over whoever was first.
      expect(attempts).toHaveLength(1);
      expect(attempts[0]?.outcome === 'cancelled').toBe(stopped.length === 1);
      expect(attempts[0]?.endedAt).not.toBeNull();
    }
  });

  it('leave no claimed attempt behind when cancelling races claiming', async () => {
    for (let round = 0; round < 40; round += 1) {
      const { sweepId, trialIds } = await submitTrials(database, 1);
      const [trialId = ''] = trialIds;
      await Promise.all([cancel(database, { sweepId }), claimTrial(database, claimOf(trialId), lease)]);
      const { state, attempts } = await trialOf(trialId);
      expect(state).toBe('cancelled');
      expect(attempts.every((attempt) => attempt.outcome === 'cancelled')).toBe(true);
      expect((await findSweep(database, sweepId))?.state).toBe('cancelled');
    }
  });

  it('notice the end of a sweep whose last two trials end at the same moment', async () => {
    for (let round = 0; round < 25; round += 1) {
      const { sweepId, trialIds } = await submitTrials(database, 2);
      const claims = trialIds.map((trialId) => claimOf(trialId));
      for (const claim of claims) granted(await claimTrial(database, claim, lease));
      expect((await findSweep(database, sweepId))?.endedAt).toBeNull();
      await Promise.all(
        claims.map((claim) =>
          recordReports(database, [reportOf({ ...claim, attempt: 1 }, { type: 'succeeded' })], lease),
        ),
      );
      expect((await findSweep(database, sweepId))?.endedAt).not.toBeNull();
    }
  });

  it('queue again, with a new budget, what failed or was cancelled, and only that', async () => {
    const { sweepId, trialIds } = await submitTrials(database, 4, { maxFailures: 1 });
    const [succeeded = '', failed = '', cancelled = '', queued = ''] = trialIds;
    for (const [trialId, item] of [
      [succeeded, { type: 'succeeded' }],
      [failed, failedItem(true)],
    ] as const) {
      const claim = claimOf(trialId);
      granted(await claimTrial(database, claim, lease));
      await recordReports(database, [reportOf({ ...claim, attempt: 1 }, item)], lease);
    }
    await cancel(database, { trialId: cancelled });
    const before = await wholeOf(succeeded);
    const answers = await Promise.all([retry(database, { sweepId }), retry(database, { sweepId })]);
    expect(answers.map((answer) => answer.trials).sort()).toEqual([0, 2]);
    expect(await trialOf(failed)).toMatchObject({
      state: 'queued',
      failures: 0,
      error: null,
      attempt: 1,
      endedAt: null,
    });
    expect(await trialOf(cancelled)).toMatchObject({ state: 'queued' });
    expect(await Promise.all([failed, cancelled, queued].map(unsent))).toEqual([2, 2, 1]);
    expect(await wholeOf(succeeded)).toEqual(before);
    expect((await findSweep(database, sweepId))?.endedAt).toBeNull();
    expect(granted(await claimTrial(database, claimOf(failed), lease)).attempt).toBe(2);
    await expect(retry(database, { trialId: 'trial-none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(cancel(database, { sweepId: 'sweep-none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('the statements', () => {
  /** Each event of the table, done to a trial whose newest attempt is `attempt`. */
  const events: Record<string, (trial: { trialId: string; attempt: number; workerId: string }) => Promise<unknown>> = {
    claimed: (trial) => claimTrial(database, claimOf(trial.trialId), lease),
    cancel: (trial) => cancel(database, { trialId: trial.trialId }),
    retry: (trial) => retry(database, { trialId: trial.trialId }),
    finished: (trial) => recordReports(database, [reportOf(trial, { type: 'succeeded' })], lease),
    'attempt-failed': (trial) => recordReports(database, [reportOf(trial, failedItem(true))], lease),
    'attempts-exhausted': (trial) => recordReports(database, [reportOf(trial, failedItem(false))], lease),
    'handed-back': (trial) => recordReports(database, [reportOf(trial, { type: 'handed-back', reason: '' })], lease),
    'lease-expired': async ({ trialId }) => {
      await database.trial.updateMany({ where: { id: trialId, state: 'running' }, data: { leaseUntil: new Date(0) } });
      await reapLeases(database, farFuture);
    },
  };

  /** Brings a running trial into a state. */
  const intoState: Record<
    TrialState,
    (trial: { trialId: string; attempt: number; workerId: string }) => Promise<unknown>
  > = {
    queued: async (trial) => events['handed-back']?.(trial),
    running: () => Promise.resolve(),
    succeeded: async (trial) => events['finished']?.(trial),
    failed: async (trial) => events['attempts-exhausted']?.(trial),
    // No report ends a trial early yet; the row is made by hand.
    stopped: ({ trialId }) =>
      database.$transaction([
        database.trial.update({
          where: { id: trialId },
          data: { state: 'stopped', leaseUntil: null, endedAt: new Date() },
        }),
        database.attempt.updateMany({ where: { trialId }, data: { outcome: 'succeeded', endedAt: new Date() } }),
      ]),
    cancelled: async (trial) => events['cancel']?.(trial),
  };

  const cases = trialStates.flatMap((state) => Object.keys(events).map((event) => ({ state, event })));
  it.each(cases)('obey the table of transitions: $event of a $state trial', async ({ state, event }) => {
    const trial = await runningTrial(database);
    await intoState[state](trial);
    expect((await trialOf(trial.trialId)).state).toBe(state);
    const before = await wholeOf(trial.trialId);
    await events[event]?.(trial);
    const after = await wholeOf(trial.trialId);
    const target = trialStates.find((to) => transitions[state][to]?.includes(event));
    if (target === undefined) expect(after).toEqual(before);
    else expect(after.trial.state).toBe(target);
  });

  it('are there for every event of the table but the one that nothing raises yet', () => {
    const named = new Set(Object.values(transitions).flatMap((next) => Object.values(next).flat()));
    expect([...named].filter((event) => events[event] === undefined)).toEqual(['stopped-early']);
  });
});

describe('relayRings and ringAgain', () => {
  const everything = { published: [] as Ring[], error: undefined };
  /** Publishes whatever other tests left. */
  const flush = async (): Promise<void> => {
    for (;;) {
      const { more } = await relayRings(database, (rings) => Promise.resolve({ ...everything, published: rings }));
      if (!more) return;
    }
  };

  it('publish each queued trial once with two relays at work, and keep what the stream did not take', async () => {
    await flush();
    const { trialIds } = await submitTrials(database, 30);
    const [claimed = '', refused = ''] = trialIds;
    granted(await claimTrial(database, claimOf(claimed), lease));
    const seen: string[] = [];
    const relay = () =>
      relayRings(
        database,
        async (rings) => {
          await Promise.resolve();
          const published = rings.filter((ring) => ring.trialId !== refused);
          seen.push(...published.map((ring) => ring.trialId));
          return { published, error: published.length < rings.length ? new Error('stream full') : undefined };
        },
        10,
      );
    for (let round = 0; round < 3; round += 1) await Promise.all([relay(), relay()]);
    expect(seen.sort()).toEqual(trialIds.slice(2).sort());
    expect(await unsent(refused)).toBe(1);
    // Nobody has to hear of a trial that is claimed: its row is done without being published.
    expect(await unsent(claimed)).toBe(0);
    await flush();
  });

  it('ring lost trials again, those in the stream not, and not from two coordinators', async () => {
    await flush();
    const { sweepId, trialIds } = await submitTrials(database, 5);
    await flush();
    const queued = await database.trial.count({ where: { state: 'queued' } });
    const again = () => Promise.all(trialIds.map(unsent)).then((counts) => counts.reduce((sum, one) => sum + one, 0));
    // All rings are in the stream: a sweep that waits is not announced twice.
    expect(await ringAgain(database, queued, 0)).toBe(0);
    // They are young: they may be on their way.
    expect(await ringAgain(database, 0, 3600)).toBe(0);
    const rung = await Promise.all([ringAgain(database, queued - 1, 0), ringAgain(database, queued - 1, 0)]);
    expect(rung.reduce((sum, one) => sum + one, 0)).toBe(queued);
    expect(await again()).toBe(5);
    await cancel(database, { sweepId });
    await flush();
  });
});

describe('recordPresence', () => {
  it('keeps a worker gone that said so', async () => {
    const presence = {
      v: 1 as const,
      workerId: 'worker-presence',
      name: 'bench',
      host: 'bench\0',
      pid: 12,
      softwareVersion: '0.1.0',
      backend: 'wasm',
      backendReason: 'chosen',
      device: '2 cores',
      slots: 2,
      trials: ['trial-a'],
      state: 'running' as const,
    };
    await recordPresence(database, presence);
    await recordPresence(database, { ...presence, trials: [], state: 'gone' });
    await recordPresence(database, presence);
    const row = await database.worker.findUniqueOrThrow({ where: { id: 'worker-presence' } });
    expect(row).toMatchObject({ state: 'gone', trials: [], host: 'bench\uFFFD' });
    expect(Math.abs((await databaseTime(database)) - row.lastSeenAt.getTime())).toBeLessThan(600_000);
  });
});
