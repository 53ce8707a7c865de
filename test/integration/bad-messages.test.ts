import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase, type Database } from '../../services/shared/db/connect.js';
import { newId } from '../../services/shared/ids.js';
import { callCommand } from '../../services/shared/nats/command-client.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { tinySpec } from '../helpers/cli.js';
import { startCoordinatorProcess, type CoordinatorProcess } from '../helpers/coordinator-process.js';
import { until } from '../helpers/deadline.js';
import { startNats, startPostgres, type TestServer } from '../helpers/servers.js';

let servers: TestServer[] = [];
let database: Database;
let client: NatsConnection;
let coordinator: CoordinatorProcess;

beforeAll(async () => {
  servers = await Promise.all([startPostgres(), startNats()]);
  const [postgres, nats] = servers as [TestServer, TestServer];
  coordinator = await startCoordinatorProcess({ databaseUrl: postgres.url, natsUrl: nats.url });
  database = connectDatabase(postgres.url, 2);
  client = await connectNats(nats.url, 'test');
});
afterAll(async () => {
  await client.close();
  await database.$disconnect();
  await coordinator.end('SIGTERM');
  await Promise.all(servers.map((server) => server.stop()));
});

describe('a coordinator in a process of its own', () => {
  it('a grid of 10^12 points leaves no row', async () => {
    const axis = Array.from({ length: 10_000 }, (_, index) => index + 1);
    const tasks = ['semantic', 'instance', 'depth'];
    const values = Object.fromEntries(tasks.map((task) => [task, axis]));
    const spec = tinySpec({ tasks, grid: { values }, weightings: [], baselines: false });
    await expect(callCommand(client, 'submit', { spec, idempotencyKey: newId('sweep') })).rejects.toMatchObject({
      code: 'SPEC_INVALID',
      faults: [{ path: 'grid', message: expect.stringContaining('2,000,000,000,000 trials') as string }],
    });
    expect(await database.sweep.count()).toBe(0);
    expect(await database.trial.count()).toBe(0);
  });

  it('names never reach a subject of NATS, whatever they hold', async () => {
    const subjectsSeen: string[] = [];
    const everything = client.subscribe('sigmasweep.>', {
      callback: (_, message) => subjectsSeen.push(message.subject),
    });
    await client.flush();
    const names = ['a.b', '*', '>', 'x y', 'two\nlines', '<img src=x onerror=alert(1)>', '$JS.API.INFO', '☃'];
    for (const name of names) {
      const spec = tinySpec({ name, weightings: [{ method: 'uncertainty', label: name }], seeds: [1] });
      const { sweepId } = await callCommand(client, 'submit', { spec, idempotencyKey: newId('sweep') });
      await until(() => subjectsSeen.includes(`sigmasweep.v1.trials.${sweepId}`), {
        deadlineMs: 20_000,
        what: 'the trials of the sweep to be announced',
      });
      expect((await callCommand(client, 'show', { sweepId })).sweep.name).toBe(name);
    }
    everything.unsubscribe();
    for (const subject of subjectsSeen) expect(subject).toMatch(/^sigmasweep\.v1\.[a-z]+(\.[A-Za-z0-9_-]{1,64})?$/);
  });
});
