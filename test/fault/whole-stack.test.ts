import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connectDatabase, type Database } from '../../services/shared/db/connect.js';
import { cliSandbox, tinySpec } from '../helpers/cli.js';
import { until } from '../helpers/deadline.js';
import { everything } from '../helpers/tiers.js';

const sandbox = cliSandbox({ SIGMASWEEP_LEASE_SECONDS: '3' });
afterAll(() => sandbox.remove());

/** What the stack wrote down about itself. */
function stackRecord(): { databaseUrl: string; processes: { name: string; pid: number }[] } {
  return JSON.parse(readFileSync(join(sandbox.folder, 'state', 'run.json'), 'utf8')) as ReturnType<typeof stackRecord>;
}

async function withDatabase<Result>(use: (database: Database) => Promise<Result>): Promise<Result> {
  const database = connectDatabase(stackRecord().databaseUrl, 2);
  try {
    return await use(database);
  } finally {
    await database.$disconnect();
  }
}

/** Every planned trial has exactly one terminal state and its metrics come from the attempt that succeeded. */
async function expectInvariants(database: Database, trials: number): Promise<void> {
  const rows = await database.trial.findMany({ include: { attempts: true } });
  expect(rows).toHaveLength(trials);
  for (const row of rows) {
    expect(row.state, row.label).toBe('succeeded');
    expect(row.attempts.filter((attempt) => attempt.outcome === 'succeeded')).toHaveLength(1);
    expect(row.attempts.filter((attempt) => attempt.outcome === 'running')).toHaveLength(0);
    const test = await database.metric.findMany({ where: { trialId: row.id, split: 'test' } });
    expect(new Set(test.map((metric) => metric.attempt))).toEqual(new Set([row.attempt]));
  }
}

describe('a stack that is hit', () => {
  // Long enough to be hit in the middle: some seconds a trial.
  const trained = sandbox.writeSpec('trained.json', tinySpec({ name: 'hit', epochs: 60 }));
  // What else is hit than a worker does not see the training.
  const rehearsed = sandbox.writeSpec(
    'rehearsed.json',
    tinySpec({ name: 'hit', workload: 'rehearsal', data: { secondsPerEpoch: 0.2 }, epochs: 10, model: undefined }),
  );

  it('completes a sweep although a worker is killed with -9 in the middle of it', async () => {
    const up = await sandbox.run(['up', '--workers', '2', '--slots', '1']);
    expect(up.stderr).not.toContain('sigmasweep:');
    const submitted = await sandbox.run(['submit', trained]);
    expect(submitted.code).toBe(0);
    await withDatabase(async (database) => {
      const victim = stackRecord().processes.find((process) => process.name === 'worker-1');
      expect(victim).toBeDefined();
      await until(async () => (await database.trial.count({ where: { state: 'running', step: { gt: 0 } } })) >= 2, {
        deadlineMs: 60_000,
        what: 'two trials in training',
      });
      process.kill(victim?.pid ?? 0, 'SIGKILL');
      await until(async () => (await database.attempt.count({ where: { outcome: 'lease-expired' } })) >= 1, {
        deadlineMs: 30_000,
        what: 'the killed worker’s lease to end',
      });
      await until(async () => (await database.trial.count({ where: { state: { in: ['queued', 'running'] } } })) === 0, {
        deadlineMs: 120_000,
        what: 'the sweep to complete',
      });
      await expectInvariants(database, 8);
    });
    expect((await sandbox.run(['down'])).code).toBe(0);
  });

  it.runIf(everything)(
    'completes a `run` although its coordinator and nats-server are killed with -9 in the middle of it',
    async () => {
      const run = sandbox.start(['run', rehearsed, '--new', '--exit', '--slots', '2']);
      await until(() => /[1-7]\/8 trials/.test(run.output().stderr), {
        deadlineMs: 120_000,
        what: 'the first trials to end',
      });
      for (const name of ['coordinator', 'nats-server']) {
        process.kill(stackRecord().processes.find((process) => process.name === name)?.pid ?? 0, 'SIGKILL');
      }
      expect(await run.ended, run.output().stderr).toBe(0);
      const { stderr, stdout } = run.output();
      for (const name of ['coordinator', 'nats-server']) {
        expect(stderr.split(`${name} is up`), stderr).toHaveLength(3);
      }
      expect(stdout).toMatch(/task uncertainty/);

      const up = await sandbox.run(['up', '--workers', '0']);
      expect(up.code).toBe(0);
      await withDatabase((database) => expectInvariants(database, 16));
      await sandbox.run(['down']);
    },
  );

  it.runIf(everything)('goes on where it was after Ctrl-C', async () => {
    const first = sandbox.start(['run', rehearsed, '--new', '--exit', '--slots', '2']);
    await until(() => /[1-7]\/8 trials/.test(first.output().stderr), {
      deadlineMs: 120_000,
      what: 'the first trials to end',
    });
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(130);

    const up = await sandbox.run(['up', '--slots', '2']);
    expect(up.code).toBe(0);
    await withDatabase(async (database) => {
      const handedBack = await database.attempt.count({ where: { outcome: 'handed-back' } });
      expect(handedBack).toBeGreaterThan(0);
      await until(async () => (await database.trial.count({ where: { state: { in: ['queued', 'running'] } } })) === 0, {
        deadlineMs: 120_000,
        what: 'the sweep to complete',
      });
      await expectInvariants(database, 24);
      // Being stopped is not failing: nobody's retry budget was touched by it.
      const sweep = await database.sweep.findFirstOrThrow({ orderBy: { createdAt: 'desc' } });
      expect(await database.trial.count({ where: { sweepId: sweep.id, failures: { gt: 0 } } })).toBe(0);
    });
    await sandbox.run(['down']);
  });
});
