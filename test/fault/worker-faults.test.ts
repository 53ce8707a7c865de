import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../services/shared/version.js';
import { until } from '../helpers/deadline.js';
import { FakeCoordinator } from '../helpers/fake-coordinator.js';
import { startNats, type TestServer } from '../helpers/servers.js';
import { endlessTrial, isAlive, tinyTrial, WorkerRig } from '../helpers/worker-rig.js';

const deadlineMs = 60_000;

describe('a worker that is hit', () => {
  let nats: TestServer;
  let coordinator: FakeCoordinator;
  let folder: string;
  const workers: WorkerRig[] = [];

  async function startWorker(): Promise<WorkerRig> {
    const worker = WorkerRig.start(nats.url, folder);
    workers.push(worker);
    await worker.ready();
    return worker;
  }

  async function train(trialId: string, config = tinyTrial()): Promise<void> {
    coordinator.plan(trialId, config);
    await coordinator.ring(trialId);
  }

  const trained = (trialId: string, what = 'metrics'): Promise<void> =>
    until(() => coordinator.itemsOf(trialId).some(({ type }) => type === what), {
      deadlineMs,
      what: `${what} of ${trialId}`,
    });

  const ended = (trialId: string): Promise<void> =>
    until(() => coordinator.endOf(trialId) !== undefined, { deadlineMs, what: `the end of ${trialId}` });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sigmasweep-worker-'));
    nats = await startNats();
    coordinator = await FakeCoordinator.start(nats.url);
  });
  afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.end())));
  afterAll(async () => {
    await coordinator.stop();
    await nats.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('reports a trainer that died, and one that hangs, and trains on with new ones', async () => {
    const worker = await startWorker();
    await train('trial-killed', endlessTrial());
    await trained('trial-killed');
    process.kill(worker.trainers.at(-1) ?? 0, 'SIGKILL');
    await ended('trial-killed');
    expect(coordinator.endOf('trial-killed')).toMatchObject({
      type: 'failed',
      retryable: true,
      error: { code: 'TRAINER_DIED', message: expect.stringContaining('SIGKILL') as string },
    });

    await train('trial-hung', endlessTrial({ limits: { parameters: 1_000_000, stallSeconds: 2 } }));
    await trained('trial-hung');
    process.kill(worker.trainers.at(-1) ?? 0, 'SIGSTOP');
    await ended('trial-hung');
    expect(coordinator.endOf('trial-hung')).toMatchObject({
      type: 'failed',
      retryable: true,
      error: { code: 'TRAINER_STALLED' },
    });

    // One that dies while nothing is trained is replaced too.
    await until(() => worker.trainers.length === 3, { deadlineMs, what: 'the third trainer' });
    process.kill(worker.trainers.at(-1) ?? 0, 'SIGKILL');
    await until(() => worker.trainers.length === 4, { deadlineMs, what: 'the fourth trainer' });
    await train('trial-after');
    await ended('trial-after');
    expect(coordinator.endOf('trial-after')).toEqual({ type: 'succeeded' });
    expect(worker.trainers.filter(isAlive)).toHaveLength(1);
  });

  it('loses no report and repeats none when NATS is killed in mid-trial and comes back', async () => {
    await startWorker();
    // Answers that get lost as well: the same claim is sent again and the trial is trained once.
    coordinator.answersToLose = 1;
    await train('trial-cut', tinyTrial({ epochs: 100 }));
    await trained('trial-cut');
    const before = coordinator.itemsOf('trial-cut').length;
    await nats.kill();
    await nats.restart();
    await ended('trial-cut');
    const items = coordinator.itemsOf('trial-cut');
    expect(items.length).toBeGreaterThan(before);
    expect(items.at(-1)).toEqual({ type: 'succeeded' });
    const lines = items.flatMap((item) => (item.type === 'log' ? item.lines : []));
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index));
    expect(lines.filter(({ text }) => text.startsWith('epoch '))).toHaveLength(100);
    const epochs = items.flatMap((item) =>
      item.type === 'metrics'
        ? item.points
            .filter(({ split, metric }) => split === 'validation' && metric === 'meanIoU')
            .map(({ epoch }) => epoch)
        : [],
    );
    expect(epochs).toEqual(Array.from({ length: 101 }, (_, epoch) => epoch));
    const claims = coordinator.claims.filter(({ trialId }) => trialId === 'trial-cut');
    expect(claims).toHaveLength(2);
    expect(new Set(claims.map(({ claimId }) => claimId)).size).toBe(1);
    expect(new Set(coordinator.reportsOf('trial-cut').map(({ attempt }) => attempt))).toEqual(new Set([1]));

    // It takes trials again, and goes on when the streams are made anew.
    await coordinator.deleteStreams();
    await coordinator.makeStreams();
    await train('trial-anew');
    await ended('trial-anew');
    expect(coordinator.endOf('trial-anew')).toEqual({ type: 'succeeded' });
  });

  it('leaves no trainer behind when it is killed', async () => {
    const worker = await startWorker();
    await train('trial-orphan', endlessTrial());
    await trained('trial-orphan');
    const [trainer = 0] = worker.trainers;
    expect(isAlive(trainer)).toBe(true);
    worker.process.kill('SIGKILL');
    await until(() => !isAlive(trainer), { deadlineMs, what: 'the trainer to end' });
  });

  it('ends a trainer without a parent although its thread never comes to rest', async () => {
    const guard = pathToFileURL(join(packageRoot, 'dist/services/worker/trainer/end-with-parent.js')).href;
    const busy = join(folder, 'busy.mjs');
    // Without the guard it would run for a minute, whatever its parent does.
    writeFileSync(
      busy,
      `import { endWithParent } from ${JSON.stringify(guard)};
       endWithParent();
       setTimeout(() => {
         process.send('busy', () => { for (const end = Date.now() + 60_000; Date.now() < end; ); process.exit(); });
       }, 500);`,
    );
    const parent = join(folder, 'parent.mjs');
    writeFileSync(
      parent,
      `import { fork } from 'node:child_process';
       const child = fork(${JSON.stringify(busy)});
       child.once('message', () => process.send(child.pid));`,
    );
    const starter = fork(parent);
    const child = await new Promise<number>((resolve) => starter.once('message', (pid) => resolve(pid as number)));
    starter.kill('SIGKILL');
    await until(() => !isAlive(child), { deadlineMs: 20_000, what: 'the busy orphan to end' });
  });
});
