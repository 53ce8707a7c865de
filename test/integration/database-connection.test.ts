import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectDatabase, Prisma, type Database, type Queryable } from '../../services/shared/db/connect.js';
import { transact } from '../../services/shared/db/transact.js';
import { until } from '../helpers/deadline.js';
import { startPostgres, type TestServer } from '../helpers/servers.js';
import { startTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.js';

const patienceMs = 1500;
const deadlineMs = 30_000;
const lockKey = 4711;

let postgres: TestServer;
let proxy: TcpProxy;
let database: Database;

beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  proxy = await startTcpProxy(postgres.url);
  database = connectDatabase(proxy.url, 2, patienceMs);
  return async () => {
    await database.$disconnect();
    proxy.close();
  };
});
afterAll(() => postgres.stop());

const one = (): Promise<{ one: number }[]> => database.$queryRaw`SELECT 1 AS one`;

type Begin = (database: Database, work: (open: Queryable) => Promise<unknown>) => Promise<unknown>;
const transactions: readonly (readonly [string, Begin])[] = [
  ['Prisma’s transactions', (database, work) => database.$transaction(work, { timeout: deadlineMs })],
  ['ours', transact],
];

describe.each(transactions)(
  'with %s, connections to PostgreSQL that nobody closes and nothing comes through any more',
  (_, begin) => {
    it('are given up, whether idle, in a query or in a transaction, and new ones take their place', async () => {
      // The pool has two connections: one is idle when they die, the other is in the middle of a transaction.
      await Promise.all([one(), one()]);
      const transaction = begin(database, async (open) => {
        await open.$queryRaw`SELECT 1`;
        proxy.freeze();
        await open.$queryRaw`SELECT 1`;
      });
      await expect(transaction).rejects.toThrow();
      await expect(one()).rejects.toThrow();
      // Neither of the dead connections is used again: each of these would wait for it.
      for (let round = 0; round < 4; round += 1) expect(await Promise.all([one(), one()])).toHaveLength(2);
      expect(await begin(database, (open) => open.$queryRaw`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
    });

    it('keep no lock: the server ends a transaction whose client says nothing more', async () => {
      let goOn: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (goOn = resolve));
      const doomed = begin(database, async (open) => {
        await open.$queryRaw`SELECT pg_advisory_xact_lock(${lockKey}::bigint)::text`;
        proxy.freeze();
        await held;
      });
      const failed = doomed.then(
        () => false,
        () => true,
      );
      const other = connectDatabase(postgres.url, 1);
      try {
        const isFree = async (): Promise<boolean> => {
          const [row] = await other.$queryRaw<{ free: boolean }[]>`
          SELECT pg_try_advisory_xact_lock(${lockKey}::bigint) AS free`;
          return row?.free === true;
        };
        await until(async () => !(await isFree()), { deadlineMs, what: 'the lock to be held' });
        await until(isFree, { deadlineMs, what: 'the lock to be free' });
      } finally {
        goOn();
        await other.$disconnect();
      }
      expect(await failed).toBe(true);
    });
  },
);

describe('transact', () => {
  const note = (open: Queryable, value: number | null): Promise<number> =>
    open.$executeRaw`INSERT INTO note VALUES (${value})`;
  const notes = (): Promise<{ value: number }[]> => database.$queryRaw`SELECT value FROM note ORDER BY value`;
  beforeEach(async () => {
    await database.$executeRaw`CREATE TABLE IF NOT EXISTS note (value int NOT NULL)`;
    await database.$executeRaw`TRUNCATE note`;
  });

  it('keeps all of what was done or nothing, and leaves the connection fit for the next one', async () => {
    expect(await transact(database, async (open) => (await note(open, 1)) + (await note(open, 2)))).toBe(2);
    const thought = transact(database, async (open) => {
      await note(open, 3);
      throw new Error('thought better of it');
    });
    await expect(thought).rejects.toThrow('thought better of it');
    const refused = transact(database, async (open) => {
      await note(open, 4);
      await note(open, null);
    });
    await expect(refused).rejects.toMatchObject({ code: '23502' });
    expect(await notes()).toEqual([{ value: 1 }, { value: 2 }]);
  });

  it('refuses to commit what the database has given up already', async () => {
    const swallowed = transact(database, async (open) => {
      await note(open, 5);
      await note(open, null).catch(() => undefined);
    });
    await expect(swallowed).rejects.toThrow('nothing was committed');
    expect(await notes()).toEqual([]);
  });

  it('writes statements and gives rows as Prisma does', async () => {
    const part = Prisma.sql`${'text'}::text AS text, ${[1, 2]}::int[] AS numbers`;
    const read = (open: Queryable): Promise<unknown> =>
      open.$queryRaw`SELECT ${part}, ${7}::int8 AS large, ${'{"a":[1.5]}'}::jsonb AS json, ${true}::bool AS yes,
        '2026-01-02T03:04:05.006Z'::timestamptz AS at, 0.1::float8 AS small, NULL::text AS none`;
    expect(await transact(database, read)).toEqual(await read(database));
  });
});

describe('a PostgreSQL that ends a connection in the same breath in which it opens it', () => {
  it('fails the query, or the next one, and not the process', async () => {
    const message = (type: string, body: string): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(4 + Buffer.byteLength(body));
      return Buffer.concat([Buffer.from(type), length, Buffer.from(body)]);
    };
    const ending = 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0';
    const server = createServer((client) => {
      client.on('error', () => undefined);
      // What it is asked first is to open the session; its answers arrive together.
      client.once('data', () =>
        client.end(Buffer.concat([message('R', '\0\0\0\0'), message('Z', 'I'), message('E', ending)])),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const short = connectDatabase(`postgresql://u:p@127.0.0.1:${(server.address() as AddressInfo).port}/d`, 2);
    try {
      // An error that nobody hears would fail the whole run of the tests.
      await expect(short.$queryRaw`SELECT 1`).rejects.toThrow();
      await expect(short.$transaction(async (open) => open.$queryRaw`SELECT 1`)).rejects.toThrow();
    } finally {
      await short.$disconnect();
      server.close();
    }
  });
});
