import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { Prisma, PrismaClient } from './generated/client.js';

export { Prisma };
export type Database = PrismaClient;
/** Takes statements, inside a transaction or outside of one. */
export interface Queryable {
  /** @returns the rows */
  $queryRaw<Rows = unknown>(statement: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<Rows>;
  /** @returns how many rows were changed */
  $executeRaw(statement: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<number>;
}

const pools = new WeakMap<Database, pg.Pool>();

/** The connections of a database, for what Prisma takes long for. */
export function poolOf(database: Database): pg.Pool {
  const pool = pools.get(database);
  if (pool === undefined) throw new Error('this database was not opened by connectDatabase');
  return pool;
}

/** Longer than any statement takes on a busy machine, in milliseconds. */
const longestMs = 60_000;

/**
 * A connection that is given up when no answer comes in time. When a network or a machine goes without a word, nobody
 * closes the connection: without this a query waits for as long as the system sends into the void, a quarter of an hour.
 * A pool drops a connection of its own that failed so, but not one that a transaction holds.
 */
class GuardedClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    // A server that shuts down can say so in the same breath as that it is ready: nobody listens to the client yet, and an
    // error that nobody hears ends the process. Whoever holds the client learns of it by its next query.
    this.on('error', () => undefined);
    const guarded = (...given: unknown[]): unknown => {
      // Looked up at each call, so that whoever listens to it hears these clients too.
      // eslint-disable-next-line @typescript-eslint/unbound-method -- bound by `apply`
      const answer: unknown = Reflect.apply(pg.Client.prototype.query, this, given);
      if (answer instanceof Promise) {
        answer.catch((error: unknown) => {
          if (error instanceof Error && error.message === 'Query read timeout') void this.end();
        });
      }
      return answer;
    };
    this.query = guarded as pg.Client['query'];
  }
}

/**
 * Opens a pool of connections; the first query connects.
 * @param url a postgresql:// URL
 * @param poolSize connections at most
 * @param patienceMs how long an answer may take, in milliseconds; as long, the server keeps a transaction and its locks
 * for a client that says nothing more
 */
export function connectDatabase(url: string, poolSize = 8, patienceMs = longestMs): Database {
  const settings: pg.PoolConfig & { readonly Client: typeof pg.Client } = {
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    query_timeout: patienceMs,
    idle_in_transaction_session_timeout: patienceMs,
    Client: GuardedClient,
  };
  const pool = new pg.Pool(settings);
  const database = new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: true }) });
  pools.set(database, pool);
  return database;
}
