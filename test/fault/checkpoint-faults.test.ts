import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { NatsConnection } from 'nats';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase, type Database } from '../../services/shared/db/connect.js';
import { newId } from '../../services/shared/ids.js';
import { checkpointBucket } from '../../services/shared/nats-names.js';
import { BucketStore } from '../../services/shared/nats/bucket-store.js';
import { callCommand } from '../../services/shared/nats/command-client.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { tinySpec } from '../helpers/cli.js';
import { startCoordinatorProcess, type CoordinatorProcess } from '../helpers/coordinator-process.js';
import { until } from '../helpers/deadline.js';
import { startNats, startPostgres, type TestServer } from '../helpers/servers.js';
import { WorkerRig } from '../helpers/worker-rig.js';
import { everything } from '../helpers/tiers.js';

const deadlineMs = 90_000;
const leaseSeconds = 3;
/** Not a multiple of an epoch's steps: checkpoints are of the middle of epochs. */
const everySteps = 20;

let postgres: TestServer;
let nats: TestServer;
let database: Database;
let client: NatsConnection;
let folder: string;
/** Everything that an undisturbed training of the sweep's one trial says. */
let undisturbed: Map<string, number>;
const coordinators: CoordinatorProcess[] = [];
const workers: WorkerRig[] = [];

async function startCoordinator(checkpoints = 'nats'): Promise<void> {
  const settings = { databaseUrl: postgres.url, natsUrl: nats.url, leaseSeconds, checkpoints };
  coordinators.push(await startCoordinatorProcess(settings));
}

async function startWorker(checkpoints = 'nats'): Promise<WorkerRig> {
  const worker = WorkerRig.start(nats.url, folder, { SIGMASWEEP_CHECKPOINTS: checkpoints });
  workers.push(worker);
  await worker.ready();
  return worker;
}

/** One trial of some seconds. */
async function submit(): Promise<string> {
  const spec = tinySpec({
    grid: undefined,
    weightings: [{ method: 'gradnorm' }],
    baselines: false,
    seeds: [1],
    epochs: 60,
    checkpoint: { everySeconds: 0, everySteps },
  });
  const { sweepId } = await callCommand(client, 'submit', { spec, idempotencyKey: newId('sweep') });
  return (await database.trial.findFirstOrThrow({ where: { sweepId } })).id;
}

const attemptsOf = (trialId: string) =>
  database.attempt.findMany({ where: { trialId }, orderBy: { number: 'asc' }, include: { checkpoints: true } });

const hasCheckpoints = (trialId: string, count: number): Promise<void> =>
  until(async () => (await database.checkpoint.count({ where: { trialId, step: { gte: count * everySteps } } })) > 0, {
    deadlineMs,
    what: `${count} checkpoints`,
  });

const succeeded = (trialId: string): Promise<void> =>
  until(
    async () => {
      const { state, error } = await database.trial.findUniqueOrThrow({ where: { id: trialId } });
      if (state === 'failed') throw new Error(JSON.stringify(error));
      return state === 'succeeded';
    },
    { deadlineMs, what: 'the trial to succeed' },
  );

async function numbersOf(trialId: string): Promise<Map<string, number>> {
  const { attempt } = await database.trial.findUniqueOrThrow({ where: { id: trialId } });
  const rows = await database.metric.findMany({
    where: { trialId, attempt, metric: { notIn: ['trainSeconds', 'secondsPerStep'] } },
    orderBy: [{ epoch: 'asc' }, { split: 'asc' }, { task: 'asc' }, { metric: 'asc' }],
  });
  return new Map(rows.map(({ split, task, metric, epoch, value }) => [`${split} ${task} ${metric} ${epoch}`, value]));
}

async function linesOf(trialId: string, attempt: number): Promise<string> {
  const lines = await database.logLine.findMany({ where: { trialId, attempt }, orderBy: { seq: 'asc' } });
  return lines.map(({ level, text }) => `${level} ${text}`).join('\n');
}

const objectsLeft = async (): Promise<string[]> => (await new BucketStore(client).list()).map(({ name }) => name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sigmasweep-checkpoint-faults-'));
  [postgres, nats] = await Promise.all([startPostgres(), startNats()]);
  database = connectDatabase(postgres.url, 4);
  client = await connectNats(nats.url, 'test');
  await startCoordinator();
  await startWorker();
  const trialId = await submit();
  await succeeded(trialId);
  undisturbed = await numbersOf(trialId);
  await stopAll();
}, 120_000);

async function stopAll(): Promise<void> {
  await Promise.all(workers.splice(0).map((worker) => worker.end()));
  await Promise.all(coordinators.splice(0).map((one) => one.end('SIGKILL')));
}

afterEach(stopAll);
afterAll(async () => {
  await client.close();
  await database.$disconnect();
  await Promise.all([postgres.stop(), nats.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

describe('a trial whose worker goes', () => {
  it('by SIGKILL: goes on from the last checkpoint elsewhere, with the undisturbed numbers', async () => {
    await startCoordinator();
    const first = await startWorker();
    const trialId = await submit();
    await hasCheckpoints(trialId, 2);
    await first.end();
    await startWorker();
    await succeeded(trialId);
    const [one, two, ...more] = await attemptsOf(trialId);
    expect([one?.outcome, two?.outcome, more.length]).toEqual(['lease-expired', 'succeeded', 0]);
    expect(two).toMatchObject({ resumedAttempt: 1 });
    expect(two?.resumedStep).toBeGreaterThanOrEqual(2 * everySteps);
    expect(await numbersOf(trialId)).toEqual(undisturbed);
    // What nobody will go on from is deleted.
    await until(async () => (await objectsLeft()).length === 0, { deadlineMs, what: 'the checkpoints to be deleted' });
    expect(await database.checkpoint.count()).toBe(0);
  });

  it.runIf(everything)('by SIGTERM: is handed back with a checkpoint of that very moment, at no cost', async () => {
    await startCoordinator();
    const first = await startWorker();
    const trialId = await submit();
    await hasCheckpoints(trialId, 1);
    first.process.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    await until(async () => (await attemptsOf(trialId))[0]?.outcome === 'handed-back', { deadlineMs, what: 'the end' });
    const [last] = await database.checkpoint.findMany({ where: { trialId }, orderBy: { step: 'desc' } });
    await startWorker();
    await succeeded(trialId);
    const [, two] = await attemptsOf(trialId);
    expect(two).toMatchObject({ outcome: 'succeeded', resumedAttempt: 1, resumedStep: last?.step });
    expect(await linesOf(trialId, 2)).toContain(`goes on from step ${String(last?.step)}`);
    expect((await database.trial.findUniqueOrThrow({ where: { id: trialId } })).failures).toBe(0);
    expect(await numbersOf(trialId)).toEqual(undisturbed);
  });

  it.runIf(everything)(
    'because its sweep is paused at once: goes on where it was when the sweep is resumed',
    async () => {
      await startCoordinator();
      await startWorker();
      const trialId = await submit();
      await hasCheckpoints(trialId, 1);
      const { sweepId } = await database.trial.findUniqueOrThrow({ where: { id: trialId } });
      expect(await callCommand(client, 'pause', { sweepId, now: true })).toEqual({ held: 0, handedBack: 1 });
      await until(async () => (await attemptsOf(trialId))[0]?.outcome === 'handed-back', {
        deadlineMs,
        what: 'the end',
      });
      // The worker is free, and takes nothing of a paused sweep.
      const other = await submit();
      await succeeded(other);
      expect(await attemptsOf(trialId)).toHaveLength(1);
      await callCommand(client, 'resume', { sweepId });
      await succeeded(trialId);
      const [, two, ...more] = await attemptsOf(trialId);
      expect([two?.outcome, two?.resumedAttempt, more.length]).toEqual(['succeeded', 1, 0]);
      expect(two?.resumedStep).toBeGreaterThanOrEqual(everySteps);
      expect((await database.trial.findUniqueOrThrow({ where: { id: trialId } })).failures).toBe(0);
      expect(await numbersOf(trialId)).toEqual(undisturbed);
    },
  );

  it.runIf(everything)('and whose newest checkpoint is torn: goes on from the one before it, and says so', async () => {
    await startCoordinator();
    const first = await startWorker();
    const trialId = await submit();
    await hasCheckpoints(trialId, 2);
    await first.end();
    const [newest, before] = await database.checkpoint.findMany({ where: { trialId }, orderBy: { step: 'desc' } });
    const bucket = await client.jetstream().views.os(checkpointBucket);
    const info = await bucket.info(newest?.object ?? '');
    const filter = `$O.${checkpointBucket}.C.${info?.nuid ?? ''}`;
    const purged = await (
      await client.jetstreamManager()
    ).streams.purge(`OBJ_${checkpointBucket}`, { filter, keep: (info?.chunks ?? 1) - 1 });
    expect(purged.purged).toBe(1);
    await startWorker();
    await succeeded(trialId);
    const [, two] = await attemptsOf(trialId);
    expect(two).toMatchObject({ outcome: 'succeeded', resumedStep: before?.step });
    expect(await linesOf(trialId, 2)).toMatch(
      new RegExp(
        `warn .* at step ${newest?.step} cannot be fetched, the one of step ${before?.step} is tried: CHECKPOINT`,
      ),
    );
    expect(await numbersOf(trialId)).toEqual(undisturbed);
  });

  it.runIf(everything)(
    'by SIGSTOP past its lease, and comes back: it changes nothing of the one that went on',
    async () => {
      const place = join(folder, 'shared');
      await startCoordinator(place);
      const first = await startWorker(place);
      const trialId = await submit();
      await hasCheckpoints(trialId, 2);
      first.process.kill('SIGSTOP');
      await until(async () => (await attemptsOf(trialId))[0]?.outcome === 'lease-expired', {
        deadlineMs,
        what: 'the end',
      });
      const inTime = new Set((await database.checkpoint.findMany({ where: { trialId } })).map(({ object }) => object));
      // Both files are torn by hand: in a shared folder that is as easy as it gets. The second worker begins anew.
      for (const file of readdirSync(place)) truncateSync(join(place, file), 1000);
      await startWorker(place);
      await until(async () => ((await attemptsOf(trialId))[1]?.checkpoints.length ?? 0) > 0, {
        deadlineMs,
        what: 'a checkpoint of the second attempt',
      });
      first.process.kill('SIGCONT');
      await until(() => first.log.includes('stopped by the coordinator'), { deadlineMs, what: 'the first to be told' });
      // The refused attempt has gone on and stored what it had; nobody takes it for a checkpoint of the trial.
      const noted = await database.checkpoint.findMany({ where: { trialId } });
      const late = noted.filter(({ attempt, object }) => attempt === 1 && !inTime.has(object));
      expect(late).toEqual([]);
      const files = readdirSync(place);
      for (const { object } of noted.filter(({ attempt }) => attempt === 2)) expect(files.join()).toContain(object);
      await succeeded(trialId);
      const [one, two] = await attemptsOf(trialId);
      expect([one?.outcome, two?.outcome]).toEqual(['lease-expired', 'succeeded']);
      expect(two?.resumedStep).toBeNull();
      expect(await linesOf(trialId, 2)).toMatch(/training begins anew: CHECKPOINT_TORN/);
      expect(await numbersOf(trialId)).toEqual(undisturbed);
      const tested = await database.metric.groupBy({ by: ['attempt'], where: { trialId, split: 'test' } });
      expect(tested.map(({ attempt }) => attempt)).toEqual([2]);
    },
  );
});

describe('a worker whose clock is wrong', () => {
  it.runIf(everything).each([-3_600_000, 3_600_000])('by %i ms trains as any other', async (offset) => {
    const clock = join(folder, `clock-${offset}.mjs`);
    writeFileSync(
      clock,
      `const Right = Date;
       globalThis.Date = class Date extends Right {
         constructor(...given) { if (given.length === 0) super(Right.now() + ${offset}); else super(...given); }
         static now() { return Right.now() + ${offset}; }
       };`,
    );
    const [{ now: begin }] = await database.$queryRaw<[{ now: Date }]>`SELECT now()`;
    await startCoordinator();
    const worker = WorkerRig.start(nats.url, folder, {
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${pathToFileURL(clock).href}`,
    });
    workers.push(worker);
    await worker.ready();
    const { time } = JSON.parse(worker.log.split('\n')[0] ?? '') as { time: string | number };
    expect(Math.abs(new Date(time).getTime() - Date.now())).toBeGreaterThan(3_500_000);
    const trialId = await submit();
    await succeeded(trialId);
    expect((await attemptsOf(trialId)).map(({ outcome }) => outcome)).toEqual(['succeeded']);
    expect(await numbersOf(trialId)).toEqual(undisturbed);
    const { startedAt, endedAt } = await database.trial.findUniqueOrThrow({ where: { id: trialId } });
    expect(startedAt?.getTime()).toBeGreaterThanOrEqual(begin.getTime());
    expect(endedAt?.getTime()).toBeLessThan(begin.getTime() + 600_000);
  });
});

describe('a trial that starts from the network of another', () => {
  it('is given it by whatever worker trains it, and is refused while there is none', async () => {
    await startCoordinator();
    await startWorker();
    const whole = { grid: { points: [{ semantic: 1, depth: 1 }] }, weightings: [], baselines: false, seeds: [1] };
    const send = async (change: object): Promise<string> => {
      const spec = tinySpec({ ...whole, ...change });
      const { sweepId } = await callCommand(client, 'submit', { spec, idempotencyKey: newId('sweep') });
      return (await database.trial.findFirstOrThrow({ where: { sweepId } })).id;
    };
    const from = await send({ checkpoint: { keep: 'final' } });
    await succeeded(from);
    await until(async () => (await database.checkpoint.count({ where: { trialId: from, final: true } })) === 1, {
      deadlineMs,
      what: 'its network to be kept',
    });
    const trialId = await send({ transfer: { trial: from, load: 'network', trainBlocks: 1 } });
    await succeeded(trialId);
    expect(await linesOf(trialId, 1)).toContain(`starts from the network of ${from}`);
    const ofEpoch = async (id: string, epoch: number): Promise<unknown> => {
      const rows = await database.metric.findMany({
        where: { trialId: id, split: 'validation', epoch },
        orderBy: [{ task: 'asc' }, { metric: 'asc' }],
      });
      return rows.map(({ task, metric, value }) => [task, metric, value]);
    };
    expect(await ofEpoch(trialId, 0)).toEqual(await ofEpoch(from, 2));
    await expect(send({ transfer: { trial: trialId } })).rejects.toThrow(/has a fault/);
  });
});
