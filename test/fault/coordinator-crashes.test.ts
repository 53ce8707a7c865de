import type { JsMsg, NatsConnection } from 'nats';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase, type Database } from '../../services/shared/db/connect.js';
import { newId } from '../../services/shared/ids.js';
import type { ReportItem } from '../../services/shared/messages/reports.js';
import { streams, subjects } from '../../services/shared/nats-names.js';
import { callCommand } from '../../services/shared/nats/command-client.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { tinySpec } from '../helpers/cli.js';
import {
  spawnCoordinator,
  startCoordinatorProcess,
  type CoordinatorProcess,
  type CoordinatorSettings,
} from '../helpers/coordinator-process.js';
import { claimRequest, metricItem, reportOf } from '../helpers/coordinator-rig.js';
import { until } from '../helpers/deadline.js';
import { startNatsProxy } from '../helpers/nats-proxy.js';
import { startNats, startPostgres, type TestServer } from '../helpers/servers.js';
import { everything } from '../helpers/tiers.js';

let postgres: TestServer;
let nats: TestServer;
let database: Database;
let client: NatsConnection;
const started: CoordinatorProcess[] = [];

const coordinatorOf = (settings: Partial<CoordinatorSettings>): CoordinatorSettings => ({
  databaseUrl: postgres.url,
  natsUrl: nats.url,
  ...settings,
});
async function startOne(settings: Partial<CoordinatorSettings> = {}): Promise<CoordinatorProcess> {
  const one = await startCoordinatorProcess(coordinatorOf(settings));
  started.push(one);
  return one;
}

beforeAll(async () => {
  [postgres, nats] = await Promise.all([startPostgres(), startNats()]);
  database = connectDatabase(postgres.url, 4);
  client = await connectNats(nats.url, 'test');
  // Makes tables and streams.
  await (await startOne()).end('SIGTERM');
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.end('SIGKILL')));
});
afterAll(async () => {
  await client.close();
  await database.$disconnect();
  await Promise.all([postgres.stop(), nats.stop()]);
});

const submission = (seeds: number) => ({
  spec: tinySpec({
    grid: { points: [{ semantic: 1, depth: 1 }] },
    weightings: [],
    baselines: false,
    seeds: Array.from({ length: seeds }, (_, index) => index),
  }),
  idempotencyKey: newId('sweep'),
});
const messagesIn = async (stream: string): Promise<number> =>
  (await (await client.jetstreamManager()).streams.info(stream)).state.messages;
const trialsOf = (sweepId: string) =>
  database.trial.findMany({ where: { sweepId }, include: { attempts: true }, orderBy: { position: 'asc' } });

interface Claimed {
  readonly trialId: string;
  readonly attempt: number;
  readonly workerId: string;
}

/** Pulls and claims until the stream holds no more rings; not every ring leads to a trial. */
async function claimAll(): Promise<Claimed[]> {
  const consumer = await client.jetstream().consumers.get(streams.trials.name, streams.trials.consumer);
  const claimed: Claimed[] = [];
  while ((await messagesIn(streams.trials.name)) > 0) {
    const message = await consumer.next({ expires: 5_000 });
    if (message === null) continue;
    const claim = claimRequest();
    const answer = await callCommand(client, 'claim', claim);
    await message.ackAck();
    if (answer.granted) claimed.push({ trialId: answer.trialId, workerId: claim.workerId, attempt: answer.attempt });
  }
  return claimed;
}

const report = (trial: Claimed, ...items: ReportItem[]) =>
  client.jetstream().publish(subjects.report(trial.trialId), JSON.stringify(reportOf(trial, ...items)));

/** A trial that runs under a coordinator. */
async function runningUnder(settings: Partial<CoordinatorSettings>): Promise<[CoordinatorProcess, Claimed, string]> {
  const coordinator = await startOne(settings);
  const { sweepId } = await callCommand(client, 'submit', submission(1));
  await until(async () => (await messagesIn(streams.trials.name)) > 0, { deadlineMs: 20_000, what: 'the ring' });
  const [claimed] = await claimAll();
  if (claimed === undefined) throw new Error('nothing was claimed');
  return [coordinator, claimed, sweepId];
}

describe('a coordinator that is killed', () => {
  it.each([
    ['between the commit and the publication', 'withhold'],
    ['between the publication and the mark that it was sent', 'deliver'],
  ] as const)('%s dispatches each trial once after its restart', async (_, then) => {
    const proxy = await startNatsProxy(nats.url, subjects.trial(''), then);
    const doomed = await startOne({ natsUrl: proxy.url });
    const wanted = submission(5);
    // Killed before or after its answer: who submitted may not even know that the sweep exists.
    const answered = callCommand(client, 'submit', wanted, 5_000).catch(() => undefined);
    await proxy.published;
    await doomed.end('SIGKILL');
    proxy.close();
    await answered;
    const sweep = await database.sweep.findUniqueOrThrow({ where: { idempotencyKey: wanted.idempotencyKey } });
    expect(await database.outbox.count({ where: { sweepId: sweep.id, sentAt: null } })).toBe(5);
    if (then === 'withhold') expect(await messagesIn(streams.trials.name)).toBe(0);

    await startOne();
    await until(async () => (await database.outbox.count({ where: { sweepId: sweep.id, sentAt: null } })) === 0, {
      deadlineMs: 20_000,
      what: 'the outbox to be sent',
    });
    expect(await messagesIn(streams.trials.name)).toBe(5);
    await claimAll();
    const trials = await trialsOf(sweep.id);
    expect(trials.map((trial) => trial.attempts.length)).toEqual([1, 1, 1, 1, 1]);
    expect(await callCommand(client, 'submit', wanted)).toMatchObject({ sweepId: sweep.id, created: false });
    await callCommand(client, 'cancel', { sweepId: sweep.id });
  });

  it('records what waits before it ends any lease', async () => {
    const leaseSeconds = 1;
    const [first, trial, sweepId] = await runningUnder({ leaseSeconds });
    await first.end('SIGKILL');
    for (let epoch = 1; epoch <= 100; epoch += 1) await report(trial, metricItem(epoch));
    // Pulled by one that died before it recorded them: the next one gets them only when the server takes it for dead.
    const consumer = await client.jetstream().consumers.get(streams.reports.name, streams.reports.consumer);
    const pulled: JsMsg[] = [];
    for await (const message of await consumer.fetch({ max_messages: 100, expires: 10_000 })) pulled.push(message);
    expect(pulled).toHaveLength(100);

    const second = await startOne({ leaseSeconds });
    const leaseOver = async (): Promise<boolean> => {
      // Keeps the server from taking it for dead before the test has seen enough.
      for (const message of pulled) message.working();
      const rows = await database.$queryRaw<{ over: boolean }[]>`
        SELECT lease_until < now() - interval '5 seconds' AS over FROM trial WHERE id = ${trial.trialId}`;
      return rows[0]?.over === true;
    };
    await until(leaseOver, { deadlineMs: 30_000, what: 'the lease to be long over' });
    expect(await trialsOf(sweepId)).toMatchObject([{ state: 'running', attempts: [{ outcome: 'running' }] }]);
    for (const message of pulled) message.nak();
    await report(trial, { type: 'succeeded' });
    await until(async () => (await trialsOf(sweepId))[0]?.state === 'succeeded', {
      deadlineMs: 20_000,
      what: 'the backlog to be recorded',
    });
    expect(await trialsOf(sweepId)).toMatchObject([{ failures: 0, attempts: [{ outcome: 'succeeded' }] }]);
    // What comes again may come after the end that it was sent before.
    const recorded = (): Promise<number> => database.metric.count({ where: { trialId: trial.trialId } });
    await until(async () => (await recorded()) === 100, { deadlineMs: 20_000, what: 'all metrics to be recorded' });
    expect(second.log()).not.toContain('a lease ended');
  });

  it.runIf(everything)(
    'leaves its workers’ trials to the next one’s reaper when nothing is heard of them',
    async () => {
      const [first, trial, sweepId] = await runningUnder({ leaseSeconds: 1 });
      await first.end('SIGKILL');
      await startOne({ leaseSeconds: 1 });
      await until(async () => (await messagesIn(streams.trials.name)) > 0, {
        deadlineMs: 30_000,
        what: 'the trial to be rung again',
      });
      const [again] = await claimAll();
      expect(again).toMatchObject({ trialId: trial.trialId, attempt: 2 });
      expect(await trialsOf(sweepId)).toMatchObject([{ failures: 1, attempts: [{ outcome: 'lease-expired' }, {}] }]);
      await callCommand(client, 'cancel', { sweepId });
    },
  );
});

describe('a coordinator whose servers go away', () => {
  it('keeps the reports that come while PostgreSQL is down', async () => {
    const [coordinator, trial, sweepId] = await runningUnder({});
    await postgres.kill();
    for (let epoch = 1; epoch <= 50; epoch += 1) await report(trial, metricItem(epoch));
    await report(trial, { type: 'succeeded' });
    await until(() => coordinator.log().includes('could not be recorded'), {
      deadlineMs: 30_000,
      what: 'the recorder to meet the outage',
    });
    await expect(callCommand(client, 'list', {})).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await postgres.restart();
    await until(async () => (await trialsOf(sweepId))[0]?.state === 'succeeded', {
      deadlineMs: 60_000,
      what: 'the kept reports to be recorded',
    });
    expect(await trialsOf(sweepId)).toMatchObject([{ failures: 0, attempts: [{ outcome: 'succeeded' }] }]);
    expect(await database.metric.count({ where: { trialId: trial.trialId } })).toBe(50);
    expect(await database.deadLetter.count()).toBe(0);
    await until(async () => (await messagesIn(streams.reports.name)) === 0, {
      deadlineMs: 30_000,
      what: 'the reports to be acknowledged',
    });
  });

  it('makes deleted streams again, and rings what was queued', async () => {
    await startOne();
    const { sweepId } = await callCommand(client, 'submit', submission(20));
    await until(async () => (await messagesIn(streams.trials.name)) === 20, { deadlineMs: 20_000, what: 'the rings' });
    const manager = await client.jetstreamManager();
    await Promise.all([manager.streams.delete(streams.trials.name), manager.streams.delete(streams.reports.name)]);
    await until(async () => (await messagesIn(streams.trials.name)) === 20, {
      deadlineMs: 30_000,
      what: 'the rings in the new stream',
    });
    const claimed = await claimAll();
    expect(claimed).toHaveLength(20);
    for (const trial of claimed) await report(trial, metricItem(1), { type: 'succeeded' });
    await until(async () => (await callCommand(client, 'show', { sweepId })).sweep.state === 'completed', {
      deadlineMs: 30_000,
      what: 'the sweep to complete',
    });
    expect((await trialsOf(sweepId)).every((trial) => trial.attempts.length === 1)).toBe(true);
  });

  it('goes on when NATS was killed and comes back', async () => {
    const [, trial, sweepId] = await runningUnder({});
    await report(trial, metricItem(1));
    await nats.kill();
    await nats.restart();
    await until(async () => (await report(trial, metricItem(2), { type: 'succeeded' })).seq > 0, {
      deadlineMs: 30_000,
      what: 'a report to be taken again',
    });
    await until(async () => (await trialsOf(sweepId))[0]?.state === 'succeeded', {
      deadlineMs: 30_000,
      what: 'the report to be recorded',
    });
    await until(async () => (await callCommand(client, 'show', { sweepId })).sweep.state === 'completed', {
      deadlineMs: 30_000,
      what: 'commands to be answered',
    });
    expect(await database.metric.count({ where: { trialId: trial.trialId } })).toBe(2);
  });

  it('waits for a PostgreSQL that is still starting, and ends in order when it is told to', async () => {
    await postgres.kill();
    const early = spawnCoordinator(coordinatorOf({}));
    started.push(early);
    await postgres.restart();
    await until(() => early.isReady(), { deadlineMs: 30_000, what: 'the coordinator to be ready' });
    expect(await early.end('SIGTERM')).toBe(0);
    await expect(callCommand(client, 'list', {})).rejects.toMatchObject({ code: 'COORDINATOR_UNREACHABLE' });
  });
});
