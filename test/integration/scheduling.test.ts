import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimTrials } from '../../services/coordinator/store/claim-trial.js';
import { cancel } from '../../services/coordinator/store/cancel.js';
import { recordReports } from '../../services/coordinator/store/record-reports.js';
import { pause, resume } from '../../services/coordinator/store/pause.js';
import { readQueue } from '../../services/coordinator/store/read-queue.js';
import { releaseDue } from '../../services/coordinator/store/release-due.js';
import { reschedule } from '../../services/coordinator/store/reschedule.js';
import { canBeStarted } from '../../services/coordinator/store/startable.js';
import { submitSweep } from '../../services/coordinator/store/submit-sweep.js';
import { lockStatement } from '../../services/coordinator/store/record-reports.js';
import { anyStartable } from '../../services/coordinator/store/startable.js';
import { takeStatement } from '../../services/coordinator/store/take-trials.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { Prisma } from '../../services/shared/db/connect.js';
import { newId } from '../../services/shared/ids.js';
import type { ReportItem } from '../../services/shared/messages/reports.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { tinySpec } from '../helpers/cli.js';
import {
  claimAny,
  claimRequest,
  granted,
  metricItem,
  reportOf,
  startStore,
  type StoreRig,
} from '../helpers/coordinator-rig.js';

const lease = 60;
let store: StoreRig;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());
beforeEach(async () => {
  for (const { id } of await store.database.sweep.findMany({ where: { endedAt: null } })) {
    await cancel(store.database, { sweepId: id });
  }
});

/** Submits a sweep of so many trials with a schedule; gives its id. */
async function submit(trials: number, schedule: Record<string, unknown> = {}): Promise<string> {
  const whole = { grid: { points: [{ semantic: 1, depth: 1 }] }, weightings: [], baselines: false, schedule };
  const spec = parseSweepSpec(tinySpec({ ...whole, seeds: [1] }), { quick: false });
  const plan = planSweep({ ...spec, seeds: Array.from({ length: trials }, (_, index) => index) });
  const idempotencyKey = newId('sweep');
  return (await submitSweep(store.database, { idempotencyKey, spec, maxFailures: 3, ...plan })).sweepId;
}

interface Running {
  readonly sweepId: string;
  readonly trialId: string;
  readonly attempt: number;
  readonly workerId: string;
}

type Worker = Partial<Parameters<typeof claimRequest>[0]>;

/** One claim; undefined when nothing is given. */
async function claim(worker: Worker = {}): Promise<Running | undefined> {
  const request = claimRequest(worker);
  const answer = await claimAny(store.database, request, lease);
  return answer.granted ? { ...answer, workerId: request.workerId } : undefined;
}

async function report(running: Running, ...items: ReportItem[]): Promise<void> {
  await recordReports(store.database, [reportOf(running, ...items)], lease);
}

const failure = (code: string): ReportItem => ({ type: 'failed', error: { code, message: code }, retryable: true });

/** Claims one after the other and gives how many each sweep got. */
async function shareOut(claims: number): Promise<Map<string, number>> {
  const got = new Map<string, number>();
  for (let n = 0; n < claims; n += 1) {
    const { sweepId = 'none' } = (await claim()) ?? {};
    got.set(sweepId, (got.get(sweepId) ?? 0) + 1);
  }
  return got;
}

describe('the claim', () => {
  it('takes the higher priority first, of sweeps and of trials, and within a sweep the plan’s order', async () => {
    const low = await submit(3);
    const high = await submit(2, { priority: 10 });
    const trials = await store.database.trial.findMany({ where: { sweepId: low }, orderBy: { position: 'asc' } });
    await store.database.trial.update({ where: { id: trials[2]?.id ?? '' }, data: { priority: 11 } });
    const order = [];
    for (let n = 0; n < 5; n += 1) order.push(await claim());
    expect(order.map((one) => one?.sweepId)).toEqual([low, high, high, low, low]);
    expect(order.filter((one) => one?.sweepId === low).map((one) => one?.trialId)).toEqual(
      [2, 0, 1].map((position) => trials[position]?.id),
    );
    expect(await claim()).toBeUndefined();
  });

  it('shares slots between sweeps of equal priority, 1:1 and 1:3, also those that come together', async () => {
    const [one, other] = [await submit(50), await submit(50)];
    expect(await shareOut(20)).toEqual(new Map([[one, 10], [other, 10]])); // prettier-ignore
    const answers = await claimTrials(store.database, Array.from({ length: 20 }, () => claimRequest()), lease); // prettier-ignore
    const together = answers.map((answer) => (answer.granted ? answer.sweepId : 'none'));
    expect([one, other].map((id) => together.filter((sweepId) => sweepId === id).length)).toEqual([10, 10]);
    for (const sweepId of [one, other]) await cancel(store.database, { sweepId });

    const [narrow, wide] = [await submit(50), await submit(50, { share: 3 })];
    expect(await shareOut(20)).toEqual(new Map([[narrow, 5], [wide, 15]])); // prettier-ignore
    // What ends is made up for: the wide one has lost three.
    const running = await store.database.trial.findMany({ where: { sweepId: wide, state: 'running' }, take: 3 });
    for (const { id, attempt, workerId } of running) {
      await report({ sweepId: wide, trialId: id, attempt, workerId: workerId ?? '' }, { type: 'succeeded' });
    }
    expect(await shareOut(3)).toEqual(new Map([[wide, 3]]));
  });

  it('shares a single slot in turns, and lets who comes late in at once but not catch up', async () => {
    const trainOne = async (): Promise<string> => {
      const running = await claim();
      if (running === undefined) return 'none';
      await report(running, { type: 'succeeded' });
      return running.sweepId;
    };
    const [narrow, wide] = [await submit(40), await submit(40, { share: 3 })];
    const first: string[] = [];
    for (let n = 0; n < 24; n += 1) first.push(await trainOne());
    expect([narrow, wide].map((id) => first.filter((sweepId) => sweepId === id).length)).toEqual([6, 18]);
    const late = await submit(40);
    const then: string[] = [];
    for (let n = 0; n < 25; n += 1) then.push(await trainOne());
    expect(then.slice(0, 5)).toContain(late);
    // To within the one turn at which it came.
    for (const [id, turns] of [
      [narrow, 5],
      [wide, 15],
      [late, 5],
    ] as const) {
      // prettier-ignore
      expect(Math.abs(then.filter((sweepId) => sweepId === id).length - turns)).toBeLessThanOrEqual(1);
    }
  });

  it('never starts more of a sweep at once than it allows, with twenty claims at once from two coordinators', async () => {
    const limited = await submit(30, { maxRunning: 3 });
    const free = await submit(5);
    const race = () => Promise.all(Array.from({ length: 10 }, () => claim()));
    const got = (await Promise.all([race(), race()])).flat().filter((one) => one !== undefined);
    expect(got.filter(({ sweepId }) => sweepId === limited)).toHaveLength(3);
    expect(got.filter(({ sweepId }) => sweepId === free)).toHaveLength(5);
    expect(new Set(got.map(({ trialId }) => trialId)).size).toBe(8);
    // No more rings than trials that may run; each end makes room for one, and rings for it.
    const rings = () => store.database.outbox.count({ where: { sweepId: limited } });
    expect(await rings()).toBe(3);
    const [first] = got.filter(({ sweepId }) => sweepId === limited);
    if (first === undefined) throw new Error('nothing was claimed');
    await report(first, { type: 'succeeded' });
    expect(await rings()).toBe(4);
    expect(await claim()).toMatchObject({ sweepId: limited });
    expect(await claim()).toBeUndefined();
  });

  it('gives trials only to workers that have what they need', async () => {
    const gib = 1024 ** 3;
    const requires = { backends: ['webgpu', 'tfjs-node-gpu'], deviceMemoryGiB: 16, labels: ['a100', 'lab-2'] };
    const picky = await submit(1, { requires });
    const right = { backend: 'webgpu', memoryBytes: 16 * gib, labels: ['lab-2', 'other', 'a100'] };
    const wrong: Worker[] = [
      { ...right, backend: 'wasm' },
      { ...right, memoryBytes: 15 * gib },
      { backend: right.backend, labels: right.labels },
      { ...right, labels: ['a100'] },
    ];
    for (const worker of wrong) {
      expect(await claimAny(store.database, claimRequest(worker), lease)).toEqual({
        granted: false,
        reason: 'what is queued needs another worker',
        forOthers: true,
      });
    }
    // Claims of different workers in one batch.
    const batch = [...wrong, right].map((worker) => claimRequest(worker));
    const answers = await claimTrials(store.database, batch, lease);
    expect(answers.map((answer) => answer.granted)).toEqual([false, false, false, false, true]);
    expect(await claimAny(store.database, claimRequest(right), lease)).toEqual({
      granted: false,
      reason: 'there is nothing to start',
    });
    expect(await store.database.trial.count({ where: { sweepId: picky, state: 'running' } })).toBe(1);
  });

  it('starts no more trials than a budget allows, but lets those go on that were started', async () => {
    const sweepId = await submit(5, { budget: { trials: 2 } });
    const [first, second] = [await claim(), await claim()];
    if (first === undefined || second === undefined) throw new Error('nothing was claimed');
    expect(await claim()).toBeUndefined();
    await report(first, { type: 'handed-back', reason: 'SIGTERM' });
    expect(await claim()).toMatchObject({ sweepId, trialId: first.trialId, attempt: 2 });
    expect(await claim()).toBeUndefined();
    // The sweep is held, not ended.
    await report(second, { type: 'succeeded' });
    expect(await claim()).toBeUndefined();
    expect(await store.database.sweep.findUnique({ where: { id: sweepId } })).toMatchObject({ endedAt: null });
    await store.database.schedule.update({ where: { sweepId }, data: { budgetTrials: 3 } });
    expect(await claim()).toMatchObject({ sweepId, attempt: 1 });
    expect(await claim()).toBeUndefined();
  });

  it('starts nothing when a sweep’s device time is used up, that of running trials included', async () => {
    const sweepId = await submit(5, { budget: { deviceHours: 1 } });
    const [first, second] = [await claim(), await claim()];
    if (first === undefined || second === undefined) throw new Error('nothing was claimed');
    const began = async ({ trialId }: Running, minutes: number) => {
      const startedAt = new Date(Date.now() - minutes * 60_000);
      await store.database.trial.update({ where: { id: trialId }, data: { startedAt } });
      await store.database.attempt.updateMany({ where: { trialId }, data: { startedAt } });
    };
    await began(first, 40);
    expect(await claim()).toMatchObject({ sweepId });
    await began(second, 21);
    expect(await claim()).toBeUndefined();
    await report(first, { type: 'succeeded' });
    await report(second, { type: 'succeeded' });
    const { usedSeconds } = await store.database.sweep.findUniqueOrThrow({ where: { id: sweepId } });
    expect(usedSeconds).toBeGreaterThanOrEqual(61 * 60);
    expect(usedSeconds).toBeLessThan(65 * 60);
    expect(await claim()).toBeUndefined();
    await store.database.schedule.update({ where: { sweepId }, data: { budgetSeconds: 2 * 3600 } });
    expect(await claim()).toMatchObject({ sweepId });
  });

  it('leaves a failed trial alone for its class’s pause, and fails it at its class’s limit', async () => {
    const retries = { memory: { failures: 2, backoffSeconds: 60 }, crash: { backoffSeconds: 0 } };
    await submit(1, { retries });
    let running = await claim();
    const trialId = running?.trialId ?? '';
    if (running !== undefined) await report(running, failure('TRAINER_DIED'));
    running = await claim();
    if (running !== undefined) await report(running, failure('OUT_OF_MEMORY'));
    const { notBefore, failuresOf } = await store.trialOf(trialId);
    expect(failuresOf).toEqual({ crash: 1, memory: 1 });
    const seconds = ((notBefore?.getTime() ?? 0) - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(30);
    expect(seconds).toBeLessThanOrEqual(61);
    expect(await claim()).toBeUndefined();
    expect(await releaseDue(store.database)).toBe(0);

    await store.database.trial.update({ where: { id: trialId }, data: { notBefore: new Date(0) } });
    expect(await claim()).toBeUndefined();
    const before = await store.unsent(trialId);
    expect(await Promise.all([releaseDue(store.database), releaseDue(store.database)])).toContain(1);
    expect(await store.unsent(trialId)).toBe(before + 1);
    running = await claim();
    expect(running).toMatchObject({ trialId, attempt: 3 });
    if (running !== undefined) await report(running, failure('GPU_OUT_OF_MEMORY'));
    expect(await store.trialOf(trialId)).toMatchObject({ state: 'failed', failures: 3 });
  });

  it('grants each of many trials once to claims that race and repeat themselves', async () => {
    await submit(30);
    const requests = Array.from({ length: 20 }, () => claimRequest());
    const ask = () => Promise.all(requests.map((request) => claimAny(store.database, request, lease)));
    const [first, again] = await Promise.all([ask(), ask()]);
    expect(first.map((answer) => granted(answer).trialId)).toEqual(again.map((answer) => granted(answer).trialId));
    expect(new Set(first.map((answer) => granted(answer).trialId)).size).toBe(20);
    expect(await store.database.attempt.count({ where: { claimId: { in: requests.map((one) => one.claimId) } } })).toBe(
      20,
    );
  });
});

describe('a pause', () => {
  it('holds a sweep or a trial until it is resumed, rings then, and lets running trials go on', async () => {
    const sweepId = await submit(3);
    const running = await claim();
    if (running === undefined) throw new Error('nothing was claimed');
    expect(await pause(store.database, { sweepId }, 'drain')).toEqual({
      sweepIds: [sweepId],
      held: 2,
      interrupted: [],
    });
    expect(await claim()).toBeUndefined();
    expect(await canBeStarted(store.database)).toBe(false);
    await report(running, metricItem(1), { type: 'succeeded' });
    expect(await store.trialOf(running.trialId)).toMatchObject({ state: 'succeeded' });

    const trials = await store.database.trial.findMany({ where: { sweepId, state: 'queued' } });
    const [held = '', next = ''] = trials.sort((a, b) => a.position - b.position).map(({ id }) => id);
    expect(await pause(store.database, { trialId: held }, 'drain')).toMatchObject({ held: 1 });
    const before = await store.database.outbox.count({ where: { sweepId } });
    expect(await resume(store.database, { sweepId })).toEqual({ sweepIds: [sweepId], rung: 1 });
    expect(await store.database.outbox.count({ where: { sweepId } })).toBe(before + 1);
    expect(await claim()).toMatchObject({ trialId: next });
    expect(await claim()).toBeUndefined();
    await resume(store.database, { trialId: held });
    expect(await claim()).toMatchObject({ trialId: held });

    await expect(pause(store.database, { trialId: running.trialId }, 'now')).rejects.toMatchObject({ code: 'ENDED' });
    await expect(resume(store.database, { sweepId: 'sweep-none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('at once has running trials handed back, says so again at each report, and costs no retry', async () => {
    const sweepId = await submit(2);
    const running = await claim();
    if (running === undefined) throw new Error('nothing was claimed');
    const { trialId, attempt, workerId } = running;
    const interrupted = [{ trialId, attempt, workerId }];
    expect(await pause(store.database, { sweepId }, 'now')).toEqual({ sweepIds: [sweepId], held: 1, interrupted });
    const again = await recordReports(store.database, [reportOf(running, metricItem(1))], lease);
    expect(again).toMatchObject({ interrupted, lost: [] });
    await report(running, { type: 'handed-back', reason: 'paused' });
    expect(await store.trialOf(trialId)).toMatchObject({ state: 'queued', failures: 0 });
    expect(await claim()).toBeUndefined();
    await resume(store.database, { sweepId });
    expect(await claim()).toMatchObject({ sweepId, attempt: 2 });
  });
});

describe('the queue', () => {
  it('says of every trial that does not run what it waits for, and takes changes of a schedule', async () => {
    await store.database.worker.create({
      data: {
        ...{
          id: 'worker-queue',
          name: 'w',
          host: 'h',
          pid: 1,
          softwareVersion: '1',
          backend: 'wasm',
          backendReason: '',
        },
        ...{ device: 'd', slots: 1, state: 'running', trials: [], labels: [], commands: [] },
      },
    });
    const limited = await submit(5, { maxRunning: 2, budget: { trials: 4 } });
    const picky = await submit(3, { priority: 2, requires: { labels: ['a100'] } });
    await claim();
    const waits = async (sweepId: string) => (await readQueue(store.database, sweepId)).flatMap((one) => one.waits);
    const [first, second] = await readQueue(store.database);
    expect([first?.sweepId, second?.sweepId]).toEqual([picky, limited]);
    expect(await waits(picky)).toEqual([{ reason: 'worker', trials: 3, detail: 'no worker has label a100' }]);
    expect(await waits(limited)).toEqual([
      { reason: 'budget', trials: 1, detail: '1 of 4 trials were started' },
      { reason: 'limit', trials: 2, detail: '2 at once' },
      { reason: 'slot', trials: 1, detail: null },
    ]);
    const before = await store.database.outbox.count({ where: { sweepId: limited } });
    await reschedule(store.database, { sweepId: limited }, { maxRunning: null, budgetTrials: null, priority: 5 });
    expect(await store.database.outbox.count({ where: { sweepId: limited } })).toBe(before + 4);
    expect(await readQueue(store.database)).toMatchObject([
      { sweepId: limited, priority: 5, maxRunning: null, waits: [{ reason: 'slot', trials: 4 }] },
      { sweepId: picky, priority: 2 },
    ]);
    await reschedule(store.database, { sweepId: limited }, { budgetHours: 1.5, share: 2 });
    expect(await readQueue(store.database, limited)).toMatchObject([{ priority: 5, share: 2, budgetSeconds: 5400 }]);
  });
});

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly Plans?: readonly PlanNode[];
}

describe('with a hundred thousand trials queued', () => {
  it('claims, reports and rings read a few of them, by their indexes', async () => {
    const sweepIds = [await submit(1), await submit(1)];
    await store.database.$executeRaw`
      INSERT INTO trial (id, sweep_id, setting_key, position, label, seed, config, max_failures)
      SELECT t.id || '-' || n, t.sweep_id, t.setting_key, n, t.label, n, t.config, 3
      FROM trial t, generate_series(1, 50000) AS n WHERE t.sweep_id = ANY(${sweepIds}::text[])`;
    await store.database.$executeRaw`ANALYZE trial`;
    const nodes = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodes)];
    const reported = sweepIds.map((sweepId) => `${sweepId}-none`);
    const statements = {
      claim: takeStatement([claimRequest(), claimRequest()], lease),
      report: lockStatement(reported, reported),
      ring: anyStartable(),
    };
    for (const [what, statement] of Object.entries(statements)) {
      const [row] = await store.database.$queryRaw<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
        Prisma.sql`EXPLAIN (ANALYZE, FORMAT JSON) ${statement}`,
      );
      const ofTrials = nodes(row?.['QUERY PLAN'][0].Plan ?? { 'Node Type': 'none' }).filter(
        (node) => node['Relation Name'] === 'trial' && node['Node Type'] !== 'ModifyTable',
      );
      expect(ofTrials.length, what).toBeGreaterThan(0);
      expect(
        ofTrials.map((node) => node['Node Type']),
        what,
      ).not.toContain('Seq Scan');
      for (const node of ofTrials) expect(node['Actual Rows'], what).toBeLessThanOrEqual(4);
    }
    await store.database.sweep.deleteMany({ where: { id: { in: sweepIds } } });
  });
});
