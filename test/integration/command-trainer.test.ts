import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../services/shared/version.js';
import type { TrialConfig } from '../../services/shared/trial-config.js';
import { until } from '../helpers/deadline.js';
import { FakeCoordinator } from '../helpers/fake-coordinator.js';
import { startNats, type TestServer } from '../helpers/servers.js';
import { isAlive, tinyTrial, WorkerRig } from '../helpers/worker-rig.js';

const deadlineMs = 30_000;

function trialOf(mode: string, options: object = {}, changes: Record<string, unknown> = {}): TrialConfig {
  const rmse = { name: 'rmse', better: 'lower' };
  return tinyTrial({
    workload: 'command',
    data: {
      command: 'program',
      tasks: { range: { metrics: [rmse] }, semantic: { kind: 'segmentation' } },
      options: { mode, ...options },
    },
    tasks: ['range', 'semantic'],
    weighting: { method: 'fixed', weights: { range: 0.25, semantic: 0.75 } },
    epochs: 3,
    ...changes,
  });
}

describe('a command as a trainer', () => {
  let nats: TestServer;
  let coordinator: FakeCoordinator;
  let folder: string;
  let worker: WorkerRig;
  const others: WorkerRig[] = [];
  let trials = 0;

  const startWorker = (slots = 4): WorkerRig =>
    WorkerRig.start(nats.url, folder, {
      SIGMASWEEP_COMMANDS: join(folder, 'commands.yaml'),
      SIGMASWEEP_SLOTS: String(slots),
    });

  async function begin(config: TrialConfig, leaseSeconds = 30): Promise<string> {
    const trialId = `trial-${String((trials += 1))}`;
    coordinator.plan(trialId, config, leaseSeconds);
    await coordinator.ring(trialId);
    return trialId;
  }
  const untilEnded = (trialId: string): Promise<void> =>
    until(() => coordinator.endOf(trialId) !== undefined, { deadlineMs, what: `the end of ${trialId}` });
  async function run(config: TrialConfig): Promise<string> {
    const trialId = await begin(config);
    await untilEnded(trialId);
    return trialId;
  }
  const logOf = (trialId: string): string[] =>
    coordinator.itemsOf(trialId).flatMap((item) => (item.type === 'log' ? item.lines.map(({ text }) => text) : []));
  async function pidsOf(trialId: string): Promise<number[]> {
    const line = (): string | undefined => logOf(trialId).find((text) => text.startsWith('pids '));
    await until(() => line() !== undefined, { deadlineMs, what: 'the program to say its ids' });
    return (line() ?? '').split(' ').slice(1).map(Number);
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sigmasweep-commands-'));
    const program = join(packageRoot, 'test', 'fixtures', 'program.js');
    writeFileSync(
      join(folder, 'commands.yaml'),
      JSON.stringify({
        program: { run: [process.execPath, program], stopSeconds: 1 },
        absent: { run: ['no-such-program'] },
      }),
    );
    nats = await startNats();
    coordinator = await FakeCoordinator.start(nats.url);
    worker = startWorker();
    await worker.ready();
  });
  afterEach(() => Promise.all(others.splice(0).map((other) => other.end())));
  afterAll(async () => {
    await worker.end();
    await coordinator.stop();
    await nats.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is told what to train, and its metrics, log and progress are reported', async () => {
    const trialId = await run(trialOf('good'));
    const items = coordinator.itemsOf(trialId);
    expect(items.at(-1)).toEqual({ type: 'succeeded' });
    const points = items.flatMap((item) => (item.type === 'metrics' ? item.points : []));
    expect(points.filter(({ split, task }) => split === 'validation' && task === 'range')).toEqual(
      [1, 2, 3].map((epoch) => ({ epoch, split: 'validation', task: 'range', metric: 'rmse', value: epoch / 10 })),
    );
    expect(points.filter(({ split }) => split === 'test').map(({ task, metric }) => `${task} ${metric}`)).toEqual([
      'range rmse',
      'semantic meanIoU',
      'semantic pixelAccuracy',
    ]);
    expect(points).toContainEqual({ epoch: 2, split: 'train', task: 'range', metric: 'loss', value: 0.5 });
    expect(logOf(trialId)).toEqual(
      expect.arrayContaining(['plain text is a line of the log', 'so is what goes to standard error']),
    );
    expect(items.some((item) => item.type === 'heartbeat' && item.steps === 3)).toBe(true);
    expect(existsSync(join(folder, 'commands', trialId))).toBe(false);
  });

  it('goes on from its checkpoint after a crash', async () => {
    const trialId = await run(trialOf('good', { crashAfter: 2 }));
    expect(coordinator.endOf(trialId)).toMatchObject({
      type: 'failed',
      retryable: true,
      error: { code: 'TRAINER_DIED', message: expect.stringContaining('crashed on purpose') as string },
    });
    await coordinator.ring(trialId);
    await until(() => coordinator.endOf(trialId)?.type === 'succeeded', { deadlineMs, what: 'the second attempt' });
    const second = coordinator.reportsOf(trialId).filter(({ attempt }) => attempt === 2);
    const points = second.flatMap(({ items }) => items.flatMap((item) => (item.type === 'metrics' ? item.points : [])));
    expect(points).toContainEqual({ epoch: 3, split: 'train', task: 'trial', metric: 'first', value: 2 });
  });

  it.each<[string, string, boolean, string]>([
    ['crash', 'TRAINER_DIED', true, 'the reason is in the trace'],
    ['notJson', 'OUTPUT_INVALID', false, 'which is not JSON'],
    ['unknownMetric', 'METRIC_UNKNOWN', false, '"rsme" of range; the spec declares rmse; is rmse meant?'],
    ['unknownTask', 'METRIC_UNKNOWN', false, '"ranges"; this trial trains range, semantic; is range meant?'],
    ['nan', 'TRAINING_DIVERGED', false, 'In epoch 2 rmse of task range became NaN'],
    ['hugeLine', 'OUTPUT_TOO_LONG', false, 'a line of more than 1000000 characters'],
    ['noResult', 'RESULT_MISSING', false, 'never reported rmse of range, meanIoU of semantic'],
    ['failed', 'PROGRAM_FAILED', false, 'the data set is not there'],
  ])('fails with what was wrong: %s', async (mode, code, retryable, message) => {
    const trialId = await run(trialOf(mode));
    expect(coordinator.endOf(trialId)).toMatchObject({
      type: 'failed',
      retryable,
      error: { code, message: expect.stringContaining(message) as string },
    });
  });

  it('is killed when it says nothing for too long', async () => {
    const trialId = await run(trialOf('hang', {}, { limits: { parameters: 1, stallSeconds: 1 } }));
    expect(coordinator.endOf(trialId)).toMatchObject({ type: 'failed', error: { code: 'TRAINER_STALLED' } });
  });

  it('may flood its output without keeping the agent from its heartbeats', async () => {
    const trialId = await begin(trialOf('flood'), 1);
    await untilEnded(trialId);
    expect(coordinator.endOf(trialId)).toEqual({ type: 'succeeded' });
    const lines = logOf(trialId);
    expect(lines.length).toBeLessThanOrEqual(20_000);
    expect(lines.at(-1)).toContain('further ones are left out');
    expect(coordinator.itemsOf(trialId).filter(({ type }) => type === 'heartbeat').length).toBeGreaterThan(1);
  });

  it('is only run by name: an unknown program fails with the settings to look at', async () => {
    const config = trialOf('good');
    const trialId = await run({ ...config, data: { ...config.data, command: 'absent' } });
    expect(coordinator.endOf(trialId)).toMatchObject({
      type: 'failed',
      retryable: true,
      error: { code: 'PROGRAM_NOT_STARTED', hint: expect.stringContaining('SIGMASWEEP_COMMANDS') as string },
    });
    const claims = coordinator.claims.at(-1);
    expect(claims).toMatchObject({ trialId, commands: ['program', 'absent'] });
  });

  it('gets SIGTERM when it is cancelled, and SIGKILL with all it started after its grace', async () => {
    const { workerId } = await worker.ready();
    const trialId = await begin(trialOf('stubborn'));
    const pids = await pidsOf(trialId);
    expect(pids.map(isAlive)).toEqual([true, true]);
    coordinator.tell(workerId, { trialId, attempt: 1, reason: 'cancelled' });
    await until(() => !pids.some(isAlive), { deadlineMs, what: 'the program and its child to end' });
    expect(worker.log).toContain('did not stop within 1 s and is killed');
    expect(coordinator.endOf(trialId)).toBeUndefined();
  });

  it('does not outlive its worker', async () => {
    const other = startWorker(1);
    others.push(other);
    const { workerId } = await other.ready();
    // Whichever worker takes it: four trials keep the first one busy.
    const busy = await Promise.all([1, 2, 3, 4, 5].map(() => begin(trialOf('stubborn'))));
    const pids = await Promise.all(busy.map(pidsOf));
    const claimed = coordinator.claims.find((claim) => claim.workerId === workerId)?.trialId ?? '';
    const own = pids[busy.indexOf(claimed)] ?? [];
    expect(own.map(isAlive)).toEqual([true, true]);
    other.process.kill('SIGKILL');
    await until(() => !own.some(isAlive), { deadlineMs, what: 'the program and its child to end' });
    const { workerId: first } = await worker.ready();
    for (const trialId of busy) coordinator.tell(first, { trialId, attempt: 1, reason: 'cancelled' });
    await until(() => !pids.flat().some(isAlive), { deadlineMs, what: 'the other programs to end' });
  });
});
