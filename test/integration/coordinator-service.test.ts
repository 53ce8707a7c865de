import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCoordinator, type Coordinator } from '../../services/coordinator/coordinator.js';
import { applyMigrations } from '../../services/coordinator/store/apply-migrations.js';
import { submitSweep } from '../../services/coordinator/store/submit-sweep.js';
import { connectDatabase, type Database } from '../../services/shared/db/connect.js';
import { newId } from '../../services/shared/ids.js';
import { createLogger } from '../../services/shared/log.js';
import { answer } from '../../services/shared/messages/commands.js';
import type { ReportItem } from '../../services/shared/messages/reports.js';
import { controlMessage, type ControlMessage } from '../../services/shared/messages/workers.js';
import { streams, subjects } from '../../services/shared/nats-names.js';
import { callCommand } from '../../services/shared/nats/command-client.js';
import { greetCoordinator } from '../../services/shared/nats/greeting.js';
import { ownVersions } from '../../services/shared/versions.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { subscribeChanges } from '../../services/shared/nats/subscribe-changes.js';
import { tinySpec } from '../helpers/cli.js';
import { atOnce, claimRequest, failedItem, metricItem, plannedSweep, reportOf } from '../helpers/coordinator-rig.js';
import { until } from '../helpers/deadline.js';
import { startNats, startPostgres, type TestServer } from '../helpers/servers.js';

let servers: TestServer[] = [];
let database: Database;
/** Of the coordinators, and of who talks to them. */
let service: NatsConnection;
let client: NatsConnection;
let coordinators: Coordinator[] = [];

beforeAll(async () => {
  const [postgres, nats] = await Promise.all([startPostgres(), startNats()]);
  servers = [postgres, nats];
  await applyMigrations(postgres.url);
  database = connectDatabase(postgres.url, 24);
  service = await connectNats(nats.url, 'coordinators');
  client = await connectNats(nats.url, 'test');
  const logger = createLogger('coordinator', 'silent');
  // Two of them share everything: whatever holds for one must hold for any number.
  const start = () => startCoordinator({ database, connection: service, logger, leaseSeconds: 30 });
  coordinators = await Promise.all([start(), start()]);
});
afterAll(async () => {
  await Promise.all(coordinators.map((coordinator) => coordinator.stop()));
  await Promise.all([client.close(), service.close()]);
  await database.$disconnect();
  await Promise.all(servers.map((server) => server.stop()));
});

const spec = (name: string) =>
  tinySpec({
    name,
    grid: { points: [{ semantic: 1, depth: 1 }] },
    weightings: [],
    baselines: false,
    seeds: [1, 2],
    schedule: atOnce,
  });
const submit = (name: string, idempotencyKey = newId('sweep')) =>
  callCommand(client, 'submit', { spec: spec(name), idempotencyKey });

/** Pulls a ring as a worker does; it is acknowledged after the claim. Not every ring leads to a trial. */
async function pullAndClaim(workerId: string): Promise<{ trialId: string; attempt: number; workerId: string }> {
  const consumer = await client.jetstream().consumers.get(streams.trials.name, streams.trials.consumer);
  for (;;) {
    const message = await consumer.next({ expires: 10_000 });
    if (message === null) throw new Error('no trial was rung');
    const answer = await callCommand(client, 'claim', claimRequest({ workerId }));
    message.ack();
    if (answer.granted) return { trialId: answer.trialId, attempt: answer.attempt, workerId };
    expect(answer.reason).toBe('there is nothing to start');
  }
}

const report = (trial: { trialId: string; attempt: number; workerId: string }, ...items: ReportItem[]) =>
  client.jetstream().publish(subjects.report(trial.trialId), JSON.stringify(reportOf(trial, ...items)));

/** What the service answers to bytes. */
async function ask(command: string, body: string | Uint8Array) {
  const reply = await client.request(subjects.command(command), body, { timeout: 20_000 });
  const parsed = answer.parse(reply.json());
  if (parsed.ok) throw new Error('expected a refusal');
  return parsed.error;
}

describe('the service', () => {
  it('takes a sweep from its submission to its results', async () => {
    const changes: string[] = [];
    const unsubscribe = subscribeChanges(client, (sweepId) => changes.push(sweepId));
    const key = newId('sweep');
    const { sweepId, created, trials } = await submit('whole', key);
    expect({ created, trials }).toEqual({ created: true, trials: 2 });
    expect(await submit('whole', key)).toMatchObject({ sweepId, created: false });
    await expect(submit('other', key)).rejects.toMatchObject({ code: 'SUBMISSION_CONFLICT' });

    const one = await pullAndClaim('worker-one');
    const two = await pullAndClaim('worker-two');
    expect((await callCommand(client, 'show', { sweepId })).sweep).toMatchObject({
      state: 'running',
      counts: { running: 2 },
    });
    await report(one, { type: 'heartbeat', step: 3, steps: 9 }, metricItem(1));
    await report(one, metricItem(2, 0.75, { split: 'test' }), { type: 'succeeded' });
    await report(two, failedItem(false));
    await until(async () => (await callCommand(client, 'show', { sweepId })).sweep.state === 'completed', {
      deadlineMs: 20_000,
      what: 'the reports to be recorded',
    });
    const shown = await callCommand(client, 'show', { sweepId });
    expect(shown.sweep).toMatchObject({ name: 'whole', counts: { succeeded: 1, failed: 1 } });
    expect(shown.sweep.endedAt).not.toBeNull();
    const failed = shown.trials.find((trial) => trial.trialId === two.trialId);
    expect(failed?.error).toBe('LOSS_NOT_FINITE: the loss became NaN');
    const results = await callCommand(client, 'results', { sweepId });
    expect(results.trials.flatMap((trial) => trial.metrics)).toEqual([
      { task: 'semantic', metric: 'meanIoU', value: 0.75 },
    ]);
    expect((await callCommand(client, 'list', { limit: 1 })).sweeps[0]).toMatchObject({ sweepId });

    expect(await callCommand(client, 'retry', { sweepId })).toEqual({ queued: 1 });
    const again = await pullAndClaim('worker-three');
    expect(again).toMatchObject({ trialId: two.trialId, attempt: 2 });
    await report(again, { type: 'succeeded' });
    await until(async () => (await callCommand(client, 'show', { sweepId })).sweep.counts.succeeded === 2, {
      deadlineMs: 20_000,
      what: 'the retried trial to be recorded',
    });
    await until(() => changes.includes(sweepId), { deadlineMs: 5_000, what: 'a change notice' });
    unsubscribe();
  });

  it('tells workers to stop whose trial was cancelled, at once and again at the next report', async () => {
    const told: ControlMessage[] = [];
    client.subscribe(subjects.control('worker-told'), {
      callback: (_, message) => told.push(controlMessage.parse(message.json())),
    });
    await client.flush();
    const { sweepId } = await submit('cancelled');
    const { trialId, attempt, workerId } = await pullAndClaim('worker-told');
    expect(await callCommand(client, 'cancel', { sweepId })).toEqual({ cancelled: 2 });
    const stop = { v: 1, action: 'stop', trialId, attempt, reason: 'cancelled' };
    await until(() => told.length === 1, { deadlineMs: 10_000, what: 'the control message after the command' });
    await report({ trialId, attempt, workerId }, metricItem(1));
    await until(() => told.length === 2, { deadlineMs: 10_000, what: 'the control message after the report' });
    expect(told).toEqual([stop, stop]);
    expect(await database.metric.count({ where: { trialId } })).toBe(0);
    expect((await callCommand(client, 'show', { sweepId })).sweep.state).toBe('cancelled');
    expect(await callCommand(client, 'cancel', { sweepId })).toEqual({ cancelled: 0 });
  });

  it('keeps reports that it cannot read or store as dead letters and records the ones around them', async () => {
    const { sweepId } = await submit('poisoned');
    const good = await pullAndClaim('worker-good');
    const bad = await pullAndClaim('worker-bad');
    const subject = subjects.report(good.trialId);
    const jetstream = client.jetstream();
    await report(good, metricItem(1));
    await jetstream.publish(subject, Uint8Array.of(1, 2, 3, 0xff));
    await jetstream.publish(subject, JSON.stringify({ ...reportOf(good, metricItem(2)), v: 2 }));
    await report(bad, metricItem(3_000_000_000));
    await report(good, metricItem(3), { type: 'succeeded' });
    await until(async () => (await callCommand(client, 'show', { sweepId })).sweep.state === 'completed', {
      deadlineMs: 20_000,
      what: 'the good report to be recorded and the bad attempt to be failed',
    });
    const epochs = await database.metric.findMany({ where: { trialId: good.trialId } });
    expect(epochs.map((metric) => metric.epoch).sort()).toEqual([1, 3]);
    const { error } = await database.trial.findUniqueOrThrow({ where: { id: bad.trialId } });
    expect(error).toMatchObject({ code: 'REPORT_REFUSED' });
    await until(async () => (await database.deadLetter.count()) === 3, {
      deadlineMs: 10_000,
      what: 'the dead letters',
    });
    const letters = await database.deadLetter.findMany({ orderBy: { id: 'asc' } });
    expect(letters.map((letter) => letter.reason).sort()).toEqual([
      expect.stringMatching(/not JSON/),
      expect.stringMatching(/^v: /),
      expect.stringMatching(/out of range for type integer/),
    ]);
    expect(letters.map((letter) => [...letter.body.subarray(0, 4)])).toContainEqual([1, 2, 3, 0xff]);
    const manager = await client.jetstreamManager();
    await until(async () => (await manager.streams.info(streams.reports.name)).state.messages === 0, {
      deadlineMs: 10_000,
      what: 'the stream to be empty: bad messages do not come again',
    });
  });

  it('refuses requests that are not what a command takes, each with what is wrong', async () => {
    expect(await ask('submit', 'not json')).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(await ask('show', JSON.stringify({ v: 1, sweepId: 'a.>' }))).toMatchObject({
      code: 'REQUEST_INVALID',
      faults: [{ path: 'sweepId' }],
    });
    expect(await ask('list', JSON.stringify({ v: 2 }))).toMatchObject({ faults: [{ path: 'v' }] });
    expect(await ask('cancel', JSON.stringify({ v: 1 }))).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(await ask('show', JSON.stringify({ v: 1, sweepId: 'sweep-none' }))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await ask('results', JSON.stringify({ v: 1, sweepId: 'sweep-none' }))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await ask('toString', '{}')).toMatchObject({ code: 'COMMAND_UNKNOWN' });
    expect(await ask('list', JSON.stringify({ v: 1, pad: 'x'.repeat(20_000) }))).toMatchObject({
      code: 'REQUEST_TOO_LARGE',
    });
    const wrong = { v: 1, idempotencyKey: 'k', spec: { ...spec('wrong'), epochs: -1, tasks: ['semantic', 'dept'] } };
    const refusal = await ask('submit', JSON.stringify(wrong));
    expect(refusal.code).toBe('SPEC_INVALID');
    expect(refusal.faults?.map((fault) => fault.path)).toEqual(expect.arrayContaining(['epochs', 'tasks[1]']));
    expect(await database.sweep.count({ where: { idempotencyKey: 'k' } })).toBe(0);
  });

  it('says which version it is, and grants nothing to workers of another', async () => {
    expect(await greetCoordinator(client)).toEqual(ownVersions);
    const [major, minor] = ownVersions.software.split('.').map(Number) as [number, number];
    const claim = (softwareVersion: string) =>
      callCommand(client, 'claim', { ...claimRequest({ workerId: 'worker-other' }), softwareVersion });
    const refusal = {
      code: 'VERSION_MISMATCH',
      message: expect.stringContaining(`The worker is sigmasweep ${major}.${minor + 1}.0`) as string,
    };
    await expect(claim(`${major}.${minor + 1}.0`)).rejects.toMatchObject(refusal);
    expect(await claim(`${major}.${minor}.99`)).toHaveProperty('granted');
  });

  it('is told apart by those who speak another protocol from one that is not there', async () => {
    const other = await startNats();
    const connection = await connectNats(other.url, 'test');
    await expect(callCommand(connection, 'list', { limit: 1 })).rejects.toMatchObject({
      code: 'COORDINATOR_UNREACHABLE',
    });
    connection.subscribe(subjects.greeting, {
      callback: (_error, message) => message.respond(JSON.stringify({ software: '9.0.0', protocol: 2, more: 'later' })),
    });
    await expect(callCommand(connection, 'list', { limit: 1 })).rejects.toMatchObject({ code: 'VERSION_MISMATCH' });
    await connection.close();
    await other.stop();
  });

  it('answers a burst, and says so when an answer is larger than the NATS server takes', async () => {
    const { sweepId } = await submitSweep(database, plannedSweep(10_000));
    const { trials } = await callCommand(client, 'show', { sweepId });
    expect(trials).toHaveLength(10_000);
    const some = await callCommand(client, 'show', { sweepId, from: 4000, limit: 2 });
    expect(some.trials).toEqual(trials.slice(4000, 4002));
    expect((await callCommand(client, 'show', { sweepId, states: ['running', 'failed'] })).trials).toEqual([]);
    await database.trial.updateMany({ where: { sweepId }, data: { label: 'a long label '.repeat(100) } });
    await expect(callCommand(client, 'show', { sweepId })).rejects.toMatchObject({ code: 'ANSWER_TOO_LARGE' });
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        index % 3 === 0 ? callCommand(client, 'list', { limit: 5 }) : callCommand(client, 'claim', claimRequest()),
      ),
    );
    expect(answers).toHaveLength(300);
    await callCommand(client, 'cancel', { sweepId });
  });

  it('writes down which workers there are', async () => {
    const presence = {
      v: 1,
      workerId: 'worker-here',
      name: 'bench-01',
      host: 'bench-01',
      pid: 77,
      softwareVersion: '0.1.0',
      backend: 'wasm',
      backendReason: 'chosen',
      device: '4 cores',
      slots: 4,
      trials: ['trial-a'],
      state: 'running',
    };
    client.publish(subjects.presence, 'garbage');
    // No integer of the database holds this one; the next worker is written down all the same.
    client.publish(subjects.presence, JSON.stringify({ ...presence, workerId: 'worker-odd', pid: 2 ** 40 }));
    client.publish(subjects.presence, JSON.stringify(presence));
    await until(async () => (await database.worker.findUnique({ where: { id: 'worker-here' } }))?.slots === 4, {
      deadlineMs: 10_000,
      what: 'the worker to be written down',
    });
    client.publish(subjects.presence, JSON.stringify({ ...presence, state: 'gone', trials: [] }));
    await until(async () => (await database.worker.findUnique({ where: { id: 'worker-here' } }))?.state === 'gone', {
      deadlineMs: 10_000,
      what: 'the worker to be gone',
    });
  });
});

describe('the log of actions', () => {
  it('says who did what, and what was refused', async () => {
    const by = { via: 'dashboard', name: 'Ada', role: 'operate', address: '10.0.0.7' } as const;
    const sent = { spec: spec('logged'), idempotencyKey: newId('sweep') };
    const { sweepId } = await callCommand(client, 'submit', sent, undefined, by);
    await callCommand(client, 'cancel', { sweepId }, undefined, { via: 'cli', name: 'ada@lab' });
    await expect(callCommand(client, 'retry', { sweepId: 'sweep-nowhere' }, undefined, by)).rejects.toThrow('no sweep');
    await callCommand(client, 'access', { event: 'login' }, undefined, by);
    await callCommand(client, 'show', { sweepId }, undefined, by);
    const rows = await database.action.findMany({
      where: { OR: [{ target: { in: [sweepId, 'sweep-nowhere'] } }, { action: 'login' }] },
      orderBy: { id: 'asc' },
      select: { action: true, via: true, name: true, address: true, target: true, outcome: true, detail: true },
    });
    const ada = { via: 'dashboard', name: 'Ada', address: '10.0.0.7', outcome: 'done' };
    expect(rows).toMatchObject([
      { ...ada, action: 'submit', target: sweepId, detail: { created: true, trials: 2 } },
      { action: 'cancel', via: 'cli', name: 'ada@lab', address: null, target: sweepId, detail: { cancelled: 2 } },
      { ...ada, action: 'retry', target: 'sweep-nowhere', outcome: 'NOT_FOUND' },
      { ...ada, action: 'login', target: null },
    ]);
    // Nothing of the spec's size, and no key, is kept.
    expect(JSON.stringify(rows)).not.toContain('workload');
  });
});

describe('notes, archive and deletion', () => {
  it('keep what was not named, outlive the end of a trial, and go with the sweep', async () => {
    const { sweepId } = await submit('annotated');
    const { trials } = await callCommand(client, 'show', { sweepId });
    const trialId = trials[0]?.trialId ?? '';
    await callCommand(client, 'annotate', { sweepId, notes: 'line\n<b>', tags: ['paper', 'paper', 'v2'] });
    await callCommand(client, 'annotate', { sweepId, tags: ['final'] });
    await expect(callCommand(client, 'delete', { sweepId })).rejects.toMatchObject({ code: 'SWEEP_ACTIVE' });
    await callCommand(client, 'cancel', { sweepId });
    await callCommand(client, 'annotate', { trialId, notes: 'odd' });
    const written = await database.annotation.findMany({ where: { sweepId }, orderBy: { target: 'asc' } });
    expect(written.map(({ target, notes, tags }) => ({ target, notes, tags }))).toEqual([
      { target: sweepId, notes: 'line\n<b>', tags: ['final'] },
      { target: trialId, notes: 'odd', tags: [] },
    ]);
    await expect(callCommand(client, 'annotate', { sweepId: 'sweep-nowhere', notes: '' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(callCommand(client, 'annotate', { sweepId, tags: ['a,b'] })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });

    await callCommand(client, 'archive', { sweepId, archived: true });
    expect((await database.sweep.findUnique({ where: { id: sweepId } }))?.archivedAt).not.toBeNull();
    await callCommand(client, 'archive', { sweepId, archived: false });
    expect((await database.sweep.findUnique({ where: { id: sweepId } }))?.archivedAt).toBeNull();
    expect(await callCommand(client, 'delete', { sweepId })).toEqual({ trials: 2 });
    expect(await database.annotation.count({ where: { sweepId } })).toBe(0);
    expect(await database.trial.count({ where: { sweepId } })).toBe(0);
    expect(await database.outbox.count({ where: { sweepId } })).toBe(0);
  });
});
