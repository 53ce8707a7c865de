import { mkdirSync, mkdtempSync, chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { startNats } from '../../services/cli/stack/nats.js';
import { startPostgres } from '../../services/cli/stack/postgres.js';
import { isRunning } from '../../services/cli/stack/processes.js';
import { stateFolder } from '../../services/cli/stack/state-folder.js';
import type { Supervised } from '../../services/cli/stack/supervise.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { until } from '../helpers/deadline.js';
import { provideNats } from '../helpers/servers.js';

const folder = mkdtempSync(join(tmpdir(), 'sigmasweep stack “quoted"-'));
chmodSync(folder, 0o755);
const state = stateFolder(join(folder, 'a state'));
const started: Supervised[] = [];
afterAll(async () => {
  for (const server of started) if (isRunning(server.identity)) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function startOne<Server extends Supervised>(start: () => Promise<Server>): Promise<Server> {
  const server = await start();
  started.push(server);
  return server;
}

async function kill(server: Supervised): Promise<void> {
  process.kill(server.identity.pid, 'SIGKILL');
  await until(() => !isRunning(server.identity), { deadlineMs: 10_000, what: `${server.name} to end` });
}

describe('nats-server of a state folder', () => {
  const start = () => startOne(() => startNats({ state, provide: provideNats }));

  async function storedMessages(url: string, publish: boolean): Promise<number> {
    const connection = await connectNats(url, 'test');
    try {
      const manager = await connection.jetstreamManager();
      await manager.streams.add({ name: 'KEPT', subjects: ['kept'] });
      if (publish) await connection.jetstream().publish('kept', 'a message');
      return (await manager.streams.info('KEPT')).state.messages;
    } finally {
      await connection.close();
    }
  }

  it('keeps messages, port and token over kill -9, and is taken over while it runs', async () => {
    const first = await start();
    expect(await storedMessages(first.url, true)).toBe(1);
    expect((await start()).pid).toBe(first.pid);

    await kill(first);
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(second.url).toBe(first.url);
    expect(await storedMessages(second.url, true)).toBe(2);
  });

  it('refuses clients without its token and hides what it knows from other users', async () => {
    const server = await start();
    await expect(connectNats(`nats://127.0.0.1:${server.port}`, 'stranger')).rejects.toThrow(/not let this client in/);
    await expect(connectNats(`nats://guess@127.0.0.1:${server.port}`, 'stranger')).rejects.toThrow(
      /not let this client in/,
    );
    for (const name of ['credentials.json', 'nats-server.conf']) {
      expect(statSync(join(state.nats, name)).mode & 0o077, name).toBe(0);
    }
  });

  it('is found by its folder when it could not write down its process, and gets a new token when that is lost', async () => {
    const before = await start();
    rmSync(join(state.nats, 'nats-server.pid'));
    expect((await start()).pid).toBe(before.pid);
    rmSync(join(state.nats, 'credentials.json'));
    const after = await start();
    expect(isRunning(before.identity)).toBe(false);
    expect(after.url).not.toBe(before.url);
    expect(await storedMessages(after.url, false)).toBe(2);
  });

  it('starts on an empty store below the version that wrote it, and keeps the old one', async () => {
    const server = await start();
    await server.stop();
    const path = join(state.nats, 'credentials.json');
    const known = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...known, version: '99.1.0' }));
    expect(await storedMessages((await start()).url, false)).toBe(0);
    expect(statSync(join(state.nats, 'jetstream-of-99.1.0')).isDirectory()).toBe(true);
  });

  it('moves to another port when its own is taken', async () => {
    const other = stateFolder(join(folder, 'other'));
    const first = await start();
    mkdirSync(other.nats, { recursive: true });
    writeFileSync(
      join(other.nats, 'credentials.json'),
      JSON.stringify({ token: 'a-token-of-some-length', port: first.port }),
    );
    const second = await startOne(() => startNats({ state: other, provide: provideNats }));
    expect(second.port).not.toBe(first.port);
    await second.stop();
    expect(isRunning(second.identity)).toBe(false);
  });
});

describe('PostgreSQL of a state folder', () => {
  const start = () => startOne(() => startPostgres({ state, fsync: false }));

  async function query(url: string, sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  it('keeps rows, port and password over kill -9, and is taken over while it runs', async () => {
    const first = await start();
    await query(first.url, 'create table kept (value int)');
    await query(first.url, 'insert into kept values (42)');
    expect((await start()).pid).toBe(first.pid);
    await kill(first);
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select value from kept')).toEqual([{ value: 42 }]);
  });

  it('gets a new password when its own is lost', async () => {
    const before = await start();
    rmSync(join(state.postgres, 'credentials.json'));
    const after = await start();
    expect(after.pid).not.toBe(before.pid);
    expect(await query(after.url, 'select value from kept')).toEqual([{ value: 42 }]);
    await expect(query(before.url, 'select 1')).rejects.toThrow();
  });
});
