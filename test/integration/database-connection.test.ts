import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectDatabase, type Database } from '../../services/shared/db/connect.js';
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

describe('connections to PostgreSQL that nobody closes and nothing comes through any more', () => {
  it('are given up, whether idle, in a query or in a transaction, and new ones take their place', async () => {
    // The pool has two connections: one is idle when they die, the other is in the middle of a transaction.
    await Promise.all([one(), one()]);
    const transaction = database.$transaction(
      async (open) => {
        await open.$queryRaw`SELECT 1`;
        proxy.freeze();
        await open.$queryRaw`SELECT 1`;
      },
      { timeout: deadlineMs },
    );
    await expect(transaction).rejects.toThrow();
    await expect(one()).rejects.toThrow();
    // Neither of the dead connections is used again: each of these would wait for it.
    for (let round = 0; round < 4; round += 1) expect(await Promise.all([one(), one()])).toHaveLength(2);
    expect(await database.$transaction(async (open) => open.$queryRaw`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
  });

  it('keep no lock: the server ends a transaction whose client says nothing more', async () => {
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const doomed = database.$transaction(
      async (open) => {
        await open.$queryRaw`SELECT pg_advisory_xact_lock(${lockKey}::bigint)::text`;
        proxy.freeze();
        await held;
      },
      { timeout: deadlineMs },
    );
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
});
