import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReportItem } from '../../services/shared/messages/reports.js';
import { subjects } from '../../services/shared/nats-names.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { until } from '../helpers/deadline.js';
import { FakeCoordinator } from '../helpers/fake-coordinator.js';
import { startNats, type TestServer } from '../helpers/servers.js';
import { everything } from '../helpers/tiers.js';
import { endlessTrial, isAlive, tinyTrial, WorkerRig } from '../helpers/worker-rig.js';

const deadlineMs = 60_000;

function itemsOfType<Type extends ReportItem['type']>(
  items: readonly ReportItem[],
  type: Type,
): Extract<ReportItem, { type: Type }>[] {
  return items.filter((item) => item.type === type) as Extract<ReportItem, { type: Type }>[];
}

describe('the worker agent', () => {
  let nats: TestServer;
  let coordinator: FakeCoordinator;
  let cache: string;
  const workers: WorkerRig[] = [];

  function startWorker(settings: Record<string, string> = {}): WorkerRig {
    const worker = WorkerRig.start(nats.url, cache, settings);
    workers.push(worker);
    return worker;
  }

  const ended = (trialId: string): Promise<void> =>
    until(() => coordinator.endOf(trialId) !== undefined, { deadlineMs, what: `the end of ${trialId}` });

  beforeAll(async () => {
    cache = mkdtempSync(join(tmpdir(), 'sigmasweep-worker-'));
    nats = await startNats();
    // The streams come later than the worker.
    coordinator = await FakeCoordinator.start(nats.url, false);
  });
  afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.end())));
  afterAll(async () => {
    await coordinator.stop();
    await nats.stop();
    rmSync(cache, { recursive: true, force: true });
  });

  it('waits for the streams, trains what is announced and reports it in order', async () => {
    const worker = startWorker({ SIGMASWEEP_SLOTS: '2', SIGMASWEEP_WORKER_NAME: 'a worker' });
    const { workerId, backend, slots } = await worker.ready();
    expect({ backend, slots }).toEqual({ backend: 'wasm', slots: 2 });
    await until(() => worker.log.includes('waiting for the stream of trials'), { deadlineMs, what: 'the complaint' });
    await coordinator.makeStreams();
    for (const trialId of ['trial-a', 'trial-b', 'trial-c']) {
      // The lease is short: a third of it is less than the trial takes.
      coordinator.plan(trialId, tinyTrial({ epochs: 30 }), 1);
      await coordinator.ring(trialId);
    }
    for (const trialId of ['trial-a', 'trial-b', 'trial-c']) {
      await ended(trialId);
      const items = coordinator.itemsOf(trialId);
      expect(items.at(-1)).toEqual({ type: 'succeeded' });
      const lines = itemsOfType(items, 'log').flatMap((item) => item.lines);
      expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index));
      expect(lines.map(({ text }) => text).filter((text) => text.startsWith('epoch '))).toHaveLength(30);
      const epochs = itemsOfType(items, 'metrics').flatMap(({ points }) =>
        points.filter(({ split, metric }) => split === 'validation' && metric === 'meanIoU').map(({ epoch }) => epoch),
      );
      expect(epochs).toEqual(Array.from({ length: 31 }, (_, epoch) => epoch));
      // Of two tasks truth, prediction and error each: of four samples at the end, of two before; input and truth twice.
      expect(itemsOfType(items, 'picture')).toHaveLength(4 * 7 + 2 * 7 + 3 * 2 * 4);
      const steps = itemsOfType(items, 'heartbeat').map((item) => item.step ?? 0);
      expect(steps.length).toBeGreaterThan(1);
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
    }
    expect(coordinator.claims).toHaveLength(3);
    expect(coordinator.claims[0]).toMatchObject({ workerId, backend: 'wasm' });
    expect(await coordinator.ringsLeft()).toBe(0);
    const mine = coordinator.presences.filter((presence) => presence.workerId === workerId);
    expect(mine[0]).toMatchObject({ name: 'a worker', slots: 2, state: 'running', trials: [] });
    // Two at once, never three.
    expect(Math.max(...mine.map(({ trials }) => trials.length))).toBe(2);
  });

  it('lets stale and garbled messages go, stops what the coordinator does not want, and goes on', async () => {
    await coordinator.makeStreams();
    const worker = startWorker();
    const { workerId } = await worker.ready();
    await coordinator.ring('trial-unknown');
    await coordinator.ringWith('{"v":1,"trialId":"no good id!"}');
    await coordinator.ringWith('not even JSON');
    await until(async () => (await coordinator.ringsLeft()) === 0, { deadlineMs, what: 'the rings to be taken' });
    expect(worker.log).toContain('cannot be understood');
    expect(coordinator.claims.filter(({ trialId }) => trialId === 'trial-unknown')).toHaveLength(1);

    coordinator.plan('trial-unwanted', endlessTrial());
    await coordinator.ring('trial-unwanted');
    await until(() => coordinator.itemsOf('trial-unwanted').some(({ type }) => type === 'metrics'), {
      deadlineMs,
      what: 'the unwanted trial to train',
    });
    // One of another attempt is none of this one's business.
    coordinator.tell(workerId, { trialId: 'trial-unwanted', attempt: 2, reason: 'lease-lost' });
    coordinator.tell(workerId, { trialId: 'trial-unwanted', attempt: 1, reason: 'cancelled' });
    coordinator.plan('trial-next', tinyTrial());
    await coordinator.ring('trial-next');
    await ended('trial-next');
    expect(coordinator.endOf('trial-next')).toEqual({ type: 'succeeded' });
    expect(coordinator.endOf('trial-unwanted')).toBeUndefined();
    expect(worker.log.match(/stopped by the coordinator/g)).toHaveLength(1);
    // Its trainer was told to stop, not killed.
    expect(worker.trainers).toHaveLength(1);
  });

  it('hands its trial back on SIGTERM and ends with 0', async () => {
    await coordinator.makeStreams();
    const worker = startWorker();
    const { workerId } = await worker.ready();
    coordinator.plan('trial-back', endlessTrial());
    await coordinator.ring('trial-back');
    await until(() => coordinator.itemsOf('trial-back').some(({ type }) => type === 'metrics'), {
      deadlineMs,
      what: 'the trial to train',
    });
    // As a service manager does, to all processes of the service; the trainer leaves it to its agent.
    process.kill(worker.trainers[0] ?? 0, 'SIGTERM');
    worker.process.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
    await ended('trial-back');
    expect(coordinator.endOf('trial-back')).toMatchObject({ type: 'handed-back' });
    const states = coordinator.presences.filter((presence) => presence.workerId === workerId).map(({ state }) => state);
    expect([...new Set(states)]).toEqual(['running', 'stopping', 'gone']);
    expect(worker.trainers.filter(isAlive)).toEqual([]);
  });

  it('does not start beside a coordinator of another version', async () => {
    const greeter = await connectNats(nats.url, 'greeter');
    greeter.subscribe(subjects.greeting, {
      callback: (_error, message) => message.respond(JSON.stringify({ software: '9.9.0', protocol: 1 })),
    });
    const worker = startWorker();
    expect(await worker.ended).toBe(1);
    expect(worker.log).toMatch(
      /worker: VERSION_MISMATCH: This worker is sigmasweep \d\S+ .* the coordinator is 9\.9\.0/,
    );
    await greeter.close();
  });

  it.runIf(everything)('ends at its next claim when the coordinator has become one of another version', async () => {
    const worker = startWorker();
    await worker.ready();
    coordinator.refuseClaims = {
      code: 'VERSION_MISMATCH',
      message: 'The worker is sigmasweep 0.1.0, the coordinator is 9.9.0',
    };
    coordinator.plan('trial-other-version', tinyTrial());
    await coordinator.ring('trial-other-version');
    expect(await worker.ended).toBe(1);
    expect(worker.log).toContain('worker: VERSION_MISMATCH: The worker is');
    // What it was asked to train is there for others.
    coordinator.refuseClaims = undefined;
    await startWorker().ready();
    await ended('trial-other-version');
  });

  it('ends with the reason when its backend cannot be opened', async () => {
    const worker = startWorker({ SIGMASWEEP_BACKEND: 'tfjs-node-gpu' });
    expect(await worker.ended).toBe(1);
    expect(worker.log).toContain('worker: BACKEND_UNUSABLE: No backend can be used here: tfjs-node-gpu');
  });
});
