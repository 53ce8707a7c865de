import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../services/shared/version.js';
import { until } from '../helpers/deadline.js';
import { FakeCoordinator } from '../helpers/fake-coordinator.js';
import { startNats, type TestServer } from '../helpers/servers.js';
import { tinyTrial, WorkerRig } from '../helpers/worker-rig.js';
import { everything } from '../helpers/tiers.js';

/** What a worker process makes of a device that is too small, is not there, or computes wrong. */
describe('a worker whose device', () => {
  let nats: TestServer;
  let coordinator: FakeCoordinator;
  let cache: string;
  const workers: WorkerRig[] = [];

  const startWorker = (settings: Record<string, string> = {}): WorkerRig => {
    const worker = WorkerRig.start(nats.url, cache, settings);
    workers.push(worker);
    return worker;
  };
  /** Its exit code and what it wrote, once it has given up. */
  const givenUp = async (settings: Record<string, string>): Promise<{ code: number | null; log: string }> => {
    const worker = startWorker(settings);
    return { code: await worker.ended, log: worker.log };
  };

  beforeAll(async () => {
    cache = mkdtempSync(join(tmpdir(), 'sigmasweep-device-'));
    nats = await startNats();
    coordinator = await FakeCoordinator.start(nats.url);
  });
  afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.end())));
  afterAll(async () => {
    await coordinator.stop();
    await nats.stop();
    rmSync(cache, { recursive: true, force: true });
  });

  it.runIf(everything)('has no memory left fails the trial with the size and a hint, and trains the next', async () => {
    const worker = startWorker();
    await worker.ready();
    // A tensor of the first stage would have 5 GiB, more than WebAssembly has.
    const data = { train: 40, validation: 1, test: 1, height: 256, width: 1024, seed: 1 };
    const model = { name: 'hard-sharing', encoder: [512, 8, 8], head: 8 };
    coordinator.plan('too-large', tinyTrial({ data, model, batchSize: 40 }), 60);
    coordinator.plan('small', tinyTrial(), 60);
    for (const trialId of ['too-large', 'small']) {
      await coordinator.ring(trialId);
      await until(() => coordinator.endOf(trialId) !== undefined, {
        deadlineMs: 120_000,
        what: `the end of ${trialId}`,
      });
    }
    expect(coordinator.endOf('too-large')).toMatchObject({
      type: 'failed',
      error: { code: 'OUT_OF_MEMORY', hint: expect.stringContaining('smaller batchSize') as string },
    });
    // Which of the two depends on what asks for the memory first: a tensor, or the inside of a kernel.
    expect(JSON.stringify(coordinator.endOf('too-large'))).toMatch(
      /A tensor of \d+ MiB has no place|has grown to \d+ MiB of at most 4096 MiB, is full/,
    );
    expect(coordinator.endOf('small')).toMatchObject({ type: 'succeeded' });
    expect(worker.trainers.length, 'the trainer that ran out of memory is replaced').toBeGreaterThan(1);
  });

  it('computes wrong does not start, and says what came out', async () => {
    const preload = pathToFileURL(join(packageRoot, 'test', 'fixtures', 'wrong-matrix-product.js')).href;
    const { code, log } = await givenUp({ NODE_OPTIONS: `--import ${preload}` });
    expect(code).not.toBe(0);
    expect(log).toContain('BACKEND_UNUSABLE');
    expect(log).toMatch(/a matrix product came out as 20, 22, 43, 50 instead of 19, 22, 43, 50/);
  });

  it('is not there does not start, and says why', async () => {
    const { code, log } = await givenUp({ SIGMASWEEP_BACKEND: 'webgpu', VK_DRIVER_FILES: '/no/such/driver.json' });
    expect(code).not.toBe(0);
    expect(log).toContain('BACKEND_UNUSABLE');
    expect(log).toMatch(/No backend can be used here: webgpu \(.+\)/);
  });
});
