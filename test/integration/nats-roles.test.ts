import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../services/cli/stack/ports.js';
import { checkpointBucket, streams, subjects } from '../../services/shared/nats-names.js';
import { BucketStore } from '../../services/shared/nats/bucket-store.js';
import { callCommand } from '../../services/shared/nats/command-client.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { inboxPrefixOf, natsRoles, natsServerConfig, passwordVariableOf } from '../../services/shared/nats/roles.js';
import { startCoordinatorProcess, type CoordinatorProcess } from '../helpers/coordinator-process.js';
import { until } from '../helpers/deadline.js';
import { provideNats, startPostgres, type TestServer } from '../helpers/servers.js';
import { WorkerRig } from '../helpers/worker-rig.js';

type Role = keyof typeof natsRoles;

/** The password of a role in this test. */
const passwordOf = (role: Role): string => `p-${role}-of-a-test`;

describe('NATS with a user for each role, as deploy/nats/nats.conf makes it', () => {
  let folder: string;
  let nats: ChildProcess;
  let port: number;
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  let worker: WorkerRig;

  const urlOf = (role: Role): string => `nats://${role}:${passwordOf(role)}@127.0.0.1:${String(port)}`;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sigmasweep-roles-'));
    port = await freePort();
    const { path } = await provideNats();
    const config = join(folder, 'nats.conf');
    writeFileSync(config, natsServerConfig(join(folder, 'jetstream')));
    const roles = Object.keys(natsRoles) as Role[];
    nats = spawn(path, ['-c', config, '-a', '127.0.0.1', '-p', String(port)], {
      stdio: 'ignore',
      env: Object.fromEntries(roles.map((role) => [passwordVariableOf(natsRoles[role]), passwordOf(role)])),
    });
    postgres = await startPostgres();
    coordinator = await startCoordinatorProcess({ databaseUrl: postgres.url, natsUrl: urlOf('coordinator') });
    worker = WorkerRig.start(urlOf('worker'), folder);
    await worker.ready();
  });

  afterAll(async () => {
    await worker.end();
    await coordinator.end('SIGTERM');
    await postgres.stop();
    const ended = once(nats, 'exit');
    nats.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs a sweep from submission to its results', async () => {
    const client = await connectNats(urlOf('client'), 'test');
    const { sweepId } = await callCommand(client, 'submit', {
      idempotencyKey: 'roles',
      spec: {
        name: 'roles',
        workload: 'rehearsal',
        tasks: ['semantic', 'depth'],
        weightings: [{ method: 'uncertainty' }],
        seeds: [1],
        epochs: 2,
      },
    });
    await until(async () => (await callCommand(client, 'show', { sweepId })).sweep.state === 'completed', {
      deadlineMs: 60_000,
      what: 'the sweep to end',
    });
    const { counts } = (await callCommand(client, 'show', { sweepId })).sweep;
    expect(counts.succeeded).toBeGreaterThan(0);
    expect(counts.failed).toBe(0);
    await client.close();
  });

  it('keeps checkpoints: workers store and fetch them, the coordinator lists and deletes them', async () => {
    const [stores, connections] = [[] as BucketStore[], [] as NatsConnection[]];
    for (const role of ['worker', 'worker', 'coordinator'] as const) {
      const connection = await connectNats(urlOf(role), 'test');
      connections.push(connection);
      stores.push(new BucketStore(connection));
    }
    const [writer, reader, keeper] = stores as [BucketStore, BucketStore, BucketStore];
    const [file, fetched] = [join(folder, 'written'), join(folder, 'fetched')];
    const content = Buffer.alloc(3_000_000, 'abcdefg');
    writeFileSync(file, content);
    await writer.put('trial-1.1.10.x', file);
    await reader.get('trial-1.1.10.x', fetched, content.length);
    expect(readFileSync(fetched).equals(content)).toBe(true);
    expect((await keeper.list()).map(({ name }) => name)).toEqual(['trial-1.1.10.x']);
    // Of an upload that was cut short only chunks are there.
    await connections[0]?.jetstream().publish(`$O.${checkpointBucket}.C.cutshort`, 'chunk');
    expect((await keeper.list()).map(({ name }) => name)).toEqual(['trial-1.1.10.x', 'part.cutshort']);
    await keeper.delete(['trial-1.1.10.x', 'part.cutshort']);
    expect(await keeper.list()).toEqual([]);
    await expect(reader.get('trial-1.1.10.x', join(folder, 'gone'), content.length)).rejects.toMatchObject({
      code: 'CHECKPOINT_GONE',
    });
    for (const connection of connections) await connection.close();
  });

  it('lists checkpoints to the end while another coordinator deletes them', async () => {
    const connections = await Promise.all([
      connectNats(urlOf('coordinator'), 'a'),
      connectNats(urlOf('coordinator'), 'b'),
    ]);
    const [lister, deleter] = connections.map((connection) => new BucketStore(connection)) as [
      BucketStore,
      BucketStore,
    ];
    const file = join(folder, 'small');
    writeFileSync(file, 'state');
    for (let round = 0; round < 10; round++) {
      const names = ['first', 'last'].map((name) => `trial-2.${round}.${name}`);
      for (const name of names) await lister.put(name, file);
      const listed = lister.list();
      await deleter.delete(names.toReversed());
      for (const { name } of await listed) expect(names).toContain(name);
    }
    expect(await lister.list()).toEqual([]);
    for (const connection of connections) await connection.close();
  }, 60_000);

  async function isRefused(connection: NatsConnection, subject: string): Promise<boolean> {
    const error: unknown = await connection
      .request(subject, '{}', { timeout: 5000 })
      .catch((reason: unknown) => reason);
    return String((error as { code?: unknown }).code) === 'PERMISSIONS_VIOLATION';
  }

  it.each([
    ['worker', subjects.command('submit')],
    ['worker', subjects.command('cancel')],
    ['worker', subjects.trial('sweep-000000000000')],
    ['worker', subjects.control('worker-000000000000')],
    ['worker', `$JS.API.STREAM.DELETE.${streams.trials.name}`],
    ['worker', `$JS.API.CONSUMER.MSG.NEXT.${streams.reports.name}.${streams.reports.consumer}`],
    ['worker', `$JS.API.STREAM.PURGE.OBJ_${checkpointBucket}`],
    ['worker', `${inboxPrefixOf('client')}.forged`],
    ['client', subjects.command('claim')],
    ['client', subjects.report('trial-000000000000')],
    ['client', `$JS.API.STREAM.PURGE.${streams.reports.name}`],
  ] as const)('lets a %s not publish to %s', async (role, subject) => {
    const connection = await connectNats(urlOf(role), 'test');
    expect(await isRefused(connection, subject)).toBe(true);
    await connection.close();
  });

  it.each([
    ['worker', subjects.report('*')],
    ['worker', subjects.command('*')],
    ['worker', `${inboxPrefixOf('client')}.>`],
    ['client', subjects.presence],
    ['client', '>'],
  ] as const)('lets a %s not listen to %s', async (role, subject) => {
    const connection = await connectNats(urlOf(role), 'test');
    const refused = new Promise<string>((resolve) => {
      connection.subscribe(subject, { callback: (error) => resolve(String(error?.code)) });
    });
    expect(await refused).toBe('PERMISSIONS_VIOLATION');
    await connection.close();
  });
});
