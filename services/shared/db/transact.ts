import pg from 'pg';
import { Prisma, poolOf, type Database, type Queryable } from './connect.js';

const types = new pg.TypeOverrides();
// What Prisma gives for an 8-byte integer too.
types.setTypeParser(pg.types.builtins.INT8, BigInt);

/**
 * Runs statements in one transaction at the level READ COMMITTED: each statement sees what was committed before it. On a
 * connection of the pool without Prisma in between, which costs more than most of the statements of a batch; they are
 * written, and their rows read, as with Prisma's `$queryRaw`.
 * @param opening statements without values, such as one that takes a lock, which travel with the beginning
 * @throws whatever the work throws, after everything it did was undone; the driver's error when the database is away
 */
export async function transact<Result>(
  database: Database,
  work: (transaction: Queryable) => Promise<Result>,
  opening = '',
): Promise<Result> {
  const client = await poolOf(database).connect();
  // A connection that dies between two statements tells nobody else; the next statement fails.
  const passOver = (): void => undefined;
  client.on('error', passOver);
  let broken: Error | undefined;
  try {
    await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED; ${opening}`);
    const result = await work(statementsOn(client));
    const { command } = await client.query('COMMIT');
    // What the server answers when a statement failed and the work went on as if nothing had happened.
    if (command !== 'COMMIT') throw new Error('a statement of the transaction had failed: nothing was committed');
    return result;
  } catch (error) {
    try {
      await client.query('ROLLBACK');
    } catch (cause) {
      broken = new Error('a transaction could not be undone', { cause });
    }
    throw error;
  } finally {
    client.off('error', passOver);
    client.release(broken);
  }
}

/** A statement is prepared when its text has come so often, */
const oftenEnough = 3;
/** and only so many are: a connection keeps what it has prepared until it is closed. */
const mostPrepared = 200;

/**
 * Names for the statements that come again and again. A connection reads and plans a named one once and not each time,
 * which is more than half of what the claim of a trial takes (2.8 -> 1.3 ms; bench/claim-latency.ts).
 */
class StatementNames {
  readonly #seen = new Map<string, { times: number; readonly name: string }>();

  /** @returns undefined for one that is not prepared */
  of(text: string): string | undefined {
    let known = this.#seen.get(text);
    if (known === undefined) {
      if (this.#seen.size >= mostPrepared) return undefined;
      known = { times: 0, name: `sigmasweep-${this.#seen.size}` };
      this.#seen.set(text, known);
    }
    known.times += 1;
    return known.times < oftenEnough ? undefined : known.name;
  }
}

const names = new StatementNames();

function statementsOn(client: pg.PoolClient): Queryable {
  const run = (statement: TemplateStringsArray | Prisma.Sql, values: readonly unknown[]): Promise<pg.QueryResult> => {
    const { text, values: bound } = statement instanceof Prisma.Sql ? statement : Prisma.sql(statement, ...values);
    const name = names.of(text);
    return client.query({ text, values: bound, types, ...(name === undefined ? {} : { name }) });
  };
  return {
    $queryRaw: async <Rows>(statement: TemplateStringsArray | Prisma.Sql, ...values: unknown[]) =>
      (await run(statement, values)).rows as Rows,
    $executeRaw: async (statement, ...values) => (await run(statement, values)).rowCount ?? 0,
  };
}
