import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JsMsg, NatsConnection } from 'nats';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createConsumerMender } from '../../services/coordinator/loops/consumer-mender.js';
import type { Effects } from '../../services/coordinator/loops/effects.js';
import type { Loop } from '../../services/coordinator/loops/loop.js';
import { createReaper } from '../../services/coordinator/loops/reaper.js';
import { createRecorder } from '../../services/coordinator/loops/recorder.js';
import { watchConnection } from '../../services/coordinator/loops/watch-connection.js';
import { connectDatabase } from '../../services/shared/db/connect.js';
import { createLogger } from '../../services/shared/log.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import {
  ensureStreams,
  makeConsumerAnew,
  readConsumerStanding,
  type StreamKind,
} from '../../services/shared/nats/streams.js';
import { streams, subjects } from '../../services/shared/nats-names.js';
import { metricItem, reportOf, runningTrial, startStore, type StoreRig } from '../helpers/coordinator-rig.js';
import { until } from '../helpers/deadline.js';
import { startNats, type TestServer } from '../helpers/servers.js';
import { startTcpProxy } from '../helpers/tcp-proxy.js';

/**
 * What nats-server leaves behind when it is killed (seen with 2.9.10): stream and consumer are written at their own
 * times, so that one of them is older than the other. Here that is done on purpose, between two runs of the real server.
 */
const logger = createLogger('test', 'silent');
const deadlineMs = 30_000;
const leaseSeconds = 1;
const noEffects: Effects = {
  changed: () => undefined,
  stopAttempts: () => undefined,
  handBack: () => undefined,
  ring: () => undefined,
};

let store: StoreRig;
let nats: TestServer;
let client: NatsConnection;
let loops: Loop[] = [];

beforeAll(async () => {
  store = await startStore();
});
beforeEach(async () => {
  nats = await startNats();
  client = await connectNats(nats.url, 'test');
  await ensureStreams(client);
});
afterEach(async () => {
  await Promise.all(loops.map((loop) => loop.stop()));
  loops = [];
  await client.close();
  await nats.stop();
});
afterAll(() => store.stop());

/** The folder of a stream in the server's store. */
function streamFolder(kind: StreamKind): string {
  const found = readdirSync(nats.folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(nats.folder, path))
    .find((path) => path.endsWith(join('streams', streams[kind].name)));
  if (found === undefined) throw new Error('the store is not where it was');
  return found;
}

const standing = (kind: StreamKind) => readConsumerStanding(client, kind);

/** Starts the server again, with a new connection: requests of the old one would be waited for. */
async function restart(): Promise<void> {
  await client.close();
  await nats.restart();
  client = await connectNats(nats.url, 'test');
}

/** Does something to the stream, and then takes one part of its store back to what it was before. */
async function takingBack(kind: StreamKind, part: 'msgs' | 'obs', work: () => Promise<void>): Promise<void> {
  const copy = join(nats.folder, 'copy');
  await nats.halt();
  cpSync(join(streamFolder(kind), part), copy, { recursive: true });
  await restart();
  await work();
  await nats.halt();
  // A stream without messages may have no folder for them.
  rmSync(join(streamFolder(kind), part), { recursive: true, force: true });
  cpSync(copy, join(streamFolder(kind), part), { recursive: true });
  await restart();
}

async function pull(kind: StreamKind, count: number): Promise<JsMsg[]> {
  const consumer = await client.jetstream().consumers.get(streams[kind].name, streams[kind].consumer);
  const pulled: JsMsg[] = [];
  for await (const message of await consumer.fetch({ max_messages: count, expires: 5000 })) pulled.push(message);
  expect(pulled).toHaveLength(count);
  return pulled;
}

function startMender(): Loop {
  const mender = createConsumerMender(store.database, client, logger, { patienceMs: 500 });
  mender.start();
  loops.push(mender);
  return mender;
}

/** Waits for a condition while the mender looks again and again, instead of every five seconds. */
async function untilMended(mender: Loop, condition: () => Promise<boolean>, what: string): Promise<void> {
  await until(
    () => {
      mender.wake();
      return condition();
    },
    { deadlineMs, what, intervalMs: 100 },
  );
}

describe('a consumer that no longer fits its stream', () => {
  it('of reports that it takes for acknowledged: they are recorded, and leases end again', async () => {
    const alive = await runningTrial(store.database, { leaseSeconds: 600 });
    const silent = await runningTrial(store.database, { leaseSeconds });
    await client
      .jetstream()
      .publish(subjects.report(alive.trialId), JSON.stringify(reportOf(alive, metricItem(1), { type: 'succeeded' })));
    await takingBack('reports', 'msgs', async () => {
      for (const message of await pull('reports', 1)) await message.ackAck();
      await until(async () => (await standing('reports')).messages === 0, { deadlineMs, what: 'the message to go' });
    });
    expect(await standing('reports')).toMatchObject({ messages: 1, undelivered: 0, unacknowledged: 0 });

    const watch = watchConnection(client, () => undefined);
    const recorder = createRecorder(store.database, client, noEffects, leaseSeconds, logger, () => undefined);
    const reaper = createReaper(store.database, client, watch, noEffects, leaseSeconds, logger);
    loops.push(recorder, reaper);
    for (const loop of loops) loop.start();
    const mender = startMender();
    await untilMended(
      mender,
      async () => (await store.trialOf(alive.trialId)).state === 'succeeded',
      'the report that was left behind to be recorded',
    );
    expect(await store.database.metric.count({ where: { trialId: alive.trialId } })).toBe(1);
    await untilMended(
      mender,
      async () => (await store.trialOf(silent.trialId)).attempts[0]?.outcome === 'lease-expired',
      'the lease of the silent worker to end',
    );
    expect(await standing('reports')).toMatchObject({ messages: 0, unacknowledged: 0 });
  });

  it('and waits for messages that are gone: leases end all the same, and it is made anew', async () => {
    const silent = await runningTrial(store.database, { leaseSeconds });
    for (let epoch = 1; epoch <= 8; epoch += 1) {
      const report = reportOf(silent, metricItem(epoch));
      await client.jetstream().publish(subjects.report(silent.trialId), JSON.stringify(report));
    }
    await pull('reports', 8);
    await takingBack('reports', 'obs', async () => {
      await (await client.jetstreamManager()).streams.purge(streams.reports.name);
    });
    const { created } = await standing('reports');
    const watch = watchConnection(client, () => undefined);
    const reaper = createReaper(store.database, client, watch, noEffects, leaseSeconds, logger);
    loops.push(reaper);
    reaper.start();
    await until(async () => (await store.trialOf(silent.trialId)).attempts[0]?.outcome === 'lease-expired', {
      deadlineMs,
      what: 'the lease of the silent worker to end',
    });
    // nats-server may find out by itself that they are gone, when it would deliver them again.
    const isMended = async () => {
      const now = await standing('reports');
      return now.created !== created || now.unacknowledged === 0;
    };
    await untilMended(startMender(), isMended, 'a new consumer, or that nothing is waited for');
    expect(await standing('reports')).toMatchObject({ messages: 0, unacknowledged: 0 });
  });

  it('of rings: they are delivered again, so that lost ones are missed and rung', async () => {
    await client.jetstream().publish(subjects.trial('sweep-x'), 'a ring');
    await takingBack('trials', 'msgs', async () => {
      for (const message of await pull('trials', 1)) await message.ackAck();
    });
    expect(await standing('trials')).toMatchObject({ messages: 1, undelivered: 0, unacknowledged: 0 });
    const mender = startMender();
    await untilMended(mender, async () => (await standing('trials')).undelivered === 1, 'the ring to be delivered');
    for (const message of await pull('trials', 1)) await message.ackAck();
    expect(await standing('trials')).toMatchObject({ messages: 0, unacknowledged: 0 });
  });
});

describe('a stream of reports that is made anew while a batch is recorded', () => {
  it('loses no report: what the batch had is not acknowledged in the new stream', async () => {
    const [slow, next] = [await runningTrial(store.database), await runningTrial(store.database)];
    const publish = (trial: typeof slow) =>
      client.jetstream().publish(subjects.report(trial.trialId), JSON.stringify(reportOf(trial, metricItem(1))));
    const points = ({ trialId }: typeof slow) => store.database.metric.count({ where: { trialId } });
    const recorder = createRecorder(store.database, client, noEffects, leaseSeconds, logger, () => undefined);
    loops.push(recorder);
    await store.database.$transaction(
      async (transaction) => {
        await transaction.$queryRaw`SELECT 1 FROM trial WHERE id = ${slow.trialId} FOR UPDATE`;
        const { seq } = await publish(slow);
        recorder.start();
        await until(async () => (await standing('reports')).unacknowledged === 1, { deadlineMs, what: 'the batch' });
        await (await client.jetstreamManager()).streams.delete(streams.reports.name);
        await ensureStreams(client);
        expect((await publish(next)).seq).toBe(seq);
      },
      { timeout: deadlineMs },
    );
    await until(async () => (await points(slow)) + (await points(next)) === 2, { deadlineMs, what: 'both reports' });
    await until(async () => (await standing('reports')).messages === 0, { deadlineMs, what: 'the stream to be empty' });
  });
});

describe('a batch that cannot be settled while further reports of its pull wait', () => {
  const publish = (trial: Awaited<ReturnType<typeof runningTrial>>, epoch = 1) =>
    client.jetstream().publish(subjects.report(trial.trialId), JSON.stringify(reportOf(trial, metricItem(epoch))));
  const unacknowledged = (count: number) =>
    until(async () => (await standing('reports')).unacknowledged === count, { deadlineMs, what: 'the next report' });

  it('because the consumer was made anew: the recorder pulls again, and records all of them', async () => {
    const [slow, next] = [await runningTrial(store.database), await runningTrial(store.database)];
    const points = ({ trialId }: typeof slow) => store.database.metric.count({ where: { trialId } });
    const recorder = createRecorder(store.database, client, noEffects, leaseSeconds, logger, () => undefined);
    loops.push(recorder);
    await store.database.$transaction(
      async (transaction) => {
        await transaction.$queryRaw`SELECT 1 FROM trial WHERE id = ${slow.trialId} FOR UPDATE`;
        await publish(slow);
        recorder.start();
        await unacknowledged(1);
        await publish(next);
        await unacknowledged(2);
        await makeConsumerAnew(client, 'reports');
      },
      { timeout: deadlineMs },
    );
    await until(async () => (await points(slow)) + (await points(next)) === 2, { deadlineMs, what: 'both reports' });
    await until(async () => (await standing('reports')).messages === 0, { deadlineMs, what: 'the stream to be empty' });
  });

  it('because the recorder is stopped while PostgreSQL is away: it stops, and another one records all of them', async () => {
    const trial = await runningTrial(store.database);
    const proxy = await startTcpProxy(store.url);
    const away = connectDatabase(proxy.url, 2);
    proxy.close();
    const recorder = createRecorder(away, client, noEffects, leaseSeconds, logger, () => undefined);
    loops.push(recorder);
    recorder.start();
    for (let count = 1; count <= 3; count += 1) {
      await publish(trial, count);
      await unacknowledged(count);
    }
    await recorder.stop();
    await away.$disconnect();
    const other = createRecorder(store.database, client, noEffects, leaseSeconds, logger, () => undefined);
    loops.push(other);
    other.start();
    const recorded = () => store.database.metric.count({ where: { trialId: trial.trialId } });
    await until(async () => (await recorded()) === 3, { deadlineMs, what: 'the reports to be recorded' });
    await until(async () => (await standing('reports')).messages === 0, { deadlineMs, what: 'the stream to be empty' });
  });
});
