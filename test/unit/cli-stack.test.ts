import { describe, expect, it } from 'vitest';
import { keepAlive, restartDelay } from '../../services/cli/stack/keep-alive.js';
import { natsConfig } from '../../services/cli/stack/nats-config.js';
import { compareNatsVersions, parseNatsVersion } from '../../services/cli/stack/nats-version.js';
import { planServices } from '../../services/cli/stack/service-plan.js';
import type { Supervised } from '../../services/cli/stack/supervise.js';
import { SigmasweepError } from '../../services/shared/errors.js';
import { until } from '../helpers/deadline.js';

describe('the plan of a stack', () => {
  const waves = planServices(
    { workers: 2, slots: 3, backend: 'wasm', port: 4700 },
    {
      addresses: { databaseUrl: 'postgresql://secret@here/db', natsUrl: 'nats://token@here:4222' },
      environment: { DATABASE_URL: 'postgresql://stale', SIGMASWEEP_LEASE_SECONDS: '7' },
      port: 4600,
      cache: '/state/cache',
    },
  );

  it('starts the coordinator first and everything else at once', () => {
    expect(waves.map((wave) => wave.map(({ name }) => name))).toEqual([
      ['coordinator'],
      ['dashboard', 'worker-1', 'worker-2'],
    ]);
  });

  it('gives no worker a database address and hands other settings on', () => {
    const [coordinator, dashboard, ...workers] = waves.flat();
    for (const worker of workers) expect(JSON.stringify(worker.env)).not.toContain('postgresql:');
    expect(workers[1]?.env).toMatchObject({
      SIGMASWEEP_WORKER_NAME: 'worker-2',
      SIGMASWEEP_SLOTS: '3',
      SIGMASWEEP_BACKEND: 'wasm',
      SIGMASWEEP_CACHE: '/state/cache',
    });
    expect(coordinator?.env).toMatchObject({
      DATABASE_URL: 'postgresql://secret@here/db',
      SIGMASWEEP_LEASE_SECONDS: '7',
    });
    expect(dashboard?.env).toMatchObject({ SIGMASWEEP_PORT: '4700' });
  });
});

describe('versions of nats-server', () => {
  it.each([
    ['nats-server: v2.12.15\n', { major: 2, minor: 12, patch: 15 }],
    ['2.9.10', { major: 2, minor: 9, patch: 10 }],
    ['nats-server: v2.14.0-RC.1', { major: 2, minor: 14, patch: 0 }],
    ['no version', undefined],
  ])('are read from %j', (text, version) => {
    expect(parseNatsVersion(text)).toEqual(version);
  });

  it('are compared as numbers', () => {
    const order = ['2.9.10', '2.10.0', '2.12.3', '2.12.15', '3.0.0'].map((text) => parseNatsVersion(text));
    for (const [index, version] of order.entries()) {
      const next = order[index + 1];
      if (version !== undefined && next !== undefined) expect(compareNatsVersions(version, next)).toBeLessThan(0);
    }
  });

  it('decide whether the configuration may ask for quick syncs, which old servers refuse', () => {
    const settings = { port: 1, token: 'a "token"', store: '/a b/“c”', pidFile: '/p', fsync: true };
    const config = (minor: number, fsync = true) =>
      natsConfig({ ...settings, fsync, version: { major: 2, minor, patch: 0 } });
    expect(config(9)).not.toContain('sync_interval');
    expect(config(10)).toContain('sync_interval');
    expect(config(12, false)).not.toContain('sync_interval');
    expect(config(12)).toContain('token: "a \\"token\\""');
    expect(config(12)).toContain('store_dir: "/a b/“c”"');
  });
});

describe('keeping a stack alive', () => {
  const policy = { firstDelayMs: 1, longestDelayMs: 4, failures: 3, healthyAfterMs: 60_000 };
  let pids = 0;

  function part(name: string): { part: Supervised; fail(): void } {
    let fail: (error: SigmasweepError) => void = () => undefined;
    const failure = new Promise<SigmasweepError>((resolve) => (fail = resolve));
    const identity = { pid: (pids += 1), started: '' };
    return {
      part: { name, identity, logFile: '', failure, logged: () => '', stop: () => Promise.resolve() },
      fail: () => fail(new SigmasweepError('PROCESS_ENDED', `${name} ended`)),
    };
  }

  it('waits longer after each failure in a row, up to a limit', () => {
    expect([1, 2, 3, 4, 9].map((count) => restartDelay(count, policy))).toEqual([1, 2, 4, 4, 4]);
  });

  it('repairs again and again, and gives up on what never stays', async () => {
    let repairs = 0;
    const notes: string[] = [];
    const repair = () => {
      repairs += 1;
      const next = part('worker-1');
      next.fail();
      return Promise.resolve([next.part]);
    };
    const first = part('worker-1');
    const kept = keepAlive([first.part], repair, (line) => notes.push(line), policy);
    first.fail();
    expect(await kept.broken).toMatchObject({ code: 'STACK_BROKEN' });
    expect(repairs).toBe(3);
    expect(notes).toHaveLength(3);
    expect(notes[0]).toContain('worker-1 ended');
  });

  it('tries again when a repair fails, and repairs once what ended together', async () => {
    let tries = 0;
    const notes: string[] = [];
    const [one, two] = [part('coordinator'), part('worker-1')];
    const [newOne, newTwo, newThree] = [part('coordinator'), part('worker-1'), part('worker-1')];
    const repair = () => {
      tries += 1;
      if (tries === 1) return Promise.reject(new Error('still broken'));
      return Promise.resolve([newOne.part, tries === 2 ? newTwo.part : newThree.part]);
    };
    const kept = keepAlive([one.part, two.part], repair, (line) => notes.push(line), policy);
    one.fail();
    two.fail();
    await until(() => tries === 2, { deadlineMs: 5000, what: 'the second try' });
    newTwo.fail();
    await until(() => tries === 3, { deadlineMs: 5000, what: 'the next repair' });
    kept.end();
    expect(notes.map((note) => note.split(' ')[0])).toEqual(['coordinator', 'coordinator', 'worker-1', 'worker-1']);
  });

  it('gives up when the stack is no longer wanted, and does nothing after its end', async () => {
    const one = part('worker-1');
    const kept = keepAlive(
      [one.part],
      () => Promise.resolve(undefined),
      () => undefined,
      policy,
    );
    one.fail();
    expect(await kept.broken).toMatchObject({ code: 'STACK_STOPPED' });

    const two = part('worker-1');
    let repairs = 0;
    const ended = keepAlive(
      [two.part],
      () => {
        repairs += 1;
        return Promise.resolve([]);
      },
      () => undefined,
      policy,
    );
    ended.end();
    two.fail();
    await new Promise((resolve) => setImmediate(resolve));
    expect(repairs).toBe(0);
  });
});
