import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyMigrations } from '../../services/coordinator/store/apply-migrations.js';
import { readMigrationFiles } from '../../services/coordinator/store/migration-files.js';
import { packageRoot } from '../../services/shared/version.js';
import { withClient } from '../helpers/seed-sweep.js';
import { startPostgres, type TestServer } from '../helpers/servers.js';

let postgres: TestServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

let databases = 0;
/** The address of a new, empty database. */
async function emptyDatabase(): Promise<string> {
  databases += 1;
  const name = `migrations${String(databases)}`;
  await withClient(postgres.url, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  return url.href;
}

const names = readMigrationFiles().map((file) => file.name);

interface LedgerRow {
  migration_name: string;
  checksum: string;
  applied_steps_count: number;
  finished: boolean;
}
const ledger = async (client: pg.Client): Promise<LedgerRow[]> =>
  (
    await client.query<LedgerRow>(
      `SELECT migration_name, checksum, applied_steps_count, finished_at >= started_at AS finished
       FROM _prisma_migrations ORDER BY migration_name`,
    )
  ).rows;

describe('applyMigrations', () => {
  it('makes the tables of an empty database once, whoever else does the same, and writes Prisma’s ledger', async () => {
    const url = await emptyDatabase();
    const applied = await Promise.all(Array.from({ length: 5 }, () => applyMigrations(url)));
    expect(applied.flat().sort()).toEqual(names);
    expect(await applyMigrations(url)).toEqual([]);
    await withClient(url, async (client) => {
      const files = names.map((name) => readFileSync(join(packageRoot, 'prisma', 'migrations', name, 'migration.sql')));
      expect(await ledger(client)).toEqual(
        names.map((name, index) => ({
          migration_name: name,
          checksum: createHash('sha256')
            .update(files[index] ?? '')
            .digest('hex'),
          applied_steps_count: 1,
          finished: true,
        })),
      );
    });
  });

  it('refuses a migration that was changed after it was applied, but not other line ends', async () => {
    const url = await emptyDatabase();
    const files = readMigrationFiles();
    const windows = files.map((file) => ({ ...file, checksum: file.checksumOfOtherLineEnds }));
    await applyMigrations(url, windows);
    expect(await applyMigrations(url)).toEqual([]);
    await withClient(url, (client) =>
      client.query(`UPDATE _prisma_migrations SET checksum = 'other' WHERE migration_name = $1`, [names[0]]),
    );
    await expect(applyMigrations(url)).rejects.toMatchObject({
      code: 'MIGRATION_CHANGED',
      message: expect.stringContaining(names[0] ?? '') as string,
    });
  });

  it('refuses a database of a newer version and one with a migration that broke off', async () => {
    const url = await emptyDatabase();
    await applyMigrations(url);
    await withClient(url, (client) =>
      client.query(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'x', '29991231000000_later')`,
      ),
    );
    await expect(applyMigrations(url)).rejects.toMatchObject({ code: 'MIGRATION_INCOMPLETE' });
    await withClient(url, (client) => client.query(`UPDATE _prisma_migrations SET finished_at = now()`));
    await expect(applyMigrations(url)).rejects.toMatchObject({ code: 'DATABASE_NEWER' });
  });

  it('keeps nothing of a migration that fails half way, and goes on from there when it is mended', async () => {
    const url = await emptyDatabase();
    const good = { name: '1_good', sql: 'CREATE TABLE good (id int);', checksum: 'a', checksumOfOtherLineEnds: 'b' };
    const bad = { ...good, name: '2_bad', sql: 'CREATE TABLE half (id int); SELECT no_such_function();' };
    await expect(applyMigrations(url, [good, bad])).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining('no_such_function') as string,
    });
    await withClient(url, async (client) => {
      const { rows } = await client.query<{ half: string | null }>(`SELECT to_regclass('half')::text AS half`);
      expect(rows).toEqual([{ half: null }]);
      expect((await ledger(client)).map((row) => row.migration_name)).toEqual(['1_good']);
    });
    expect(await applyMigrations(url, [good, { ...bad, sql: 'CREATE TABLE half (id int);' }])).toEqual(['2_bad']);
  });
});

/** What a model of schema.prisma says of one column. */
interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly hasDefault: boolean;
}

const scalarTypes: Readonly<Record<string, string>> = {
  String: 'text',
  Boolean: 'bool',
  Int: 'int4',
  BigInt: 'int8',
  Float: 'float8',
  Json: 'jsonb',
  Bytes: 'bytea',
  DateTime: 'timestamptz',
};

/**
 * Reads the columns that schema.prisma declares. Its language is line-based and Prisma's formatter keeps it so; fields of
 * no scalar type are relations and have no column.
 */
function declaredColumns(schema: string): Column[] {
  return [...schema.matchAll(/^model \w+ \{\n(?<body>[\s\S]*?)^\}/gm)].flatMap(({ groups }) => {
    const body = groups?.['body'] ?? '';
    const table = /@@map\("(\w+)"\)/.exec(body)?.[1] ?? '';
    return [...body.matchAll(/^ {2}(\w+) +(\w+)(\[\])?(\?)?(.*)$/gm)].flatMap(
      ([, name = '', type = '', list, optional, attributes = '']) => {
        const scalar = scalarTypes[type];
        if (scalar === undefined) return [];
        return {
          table,
          column: /@map\("(\w+)"\)/.exec(attributes)?.[1] ?? name,
          type: list === undefined ? scalar : `_${scalar}`,
          // PostgreSQL's arrays of Prisma have no NOT NULL: an absent list is an empty one.
          nullable: optional !== undefined || list !== undefined,
          hasDefault: attributes.includes('@default'),
        };
      },
    );
  });
}

const byName = (a: Column, b: Column): number => (`${a.table}.${a.column}` < `${b.table}.${b.column}` ? -1 : 1);

describe('schema.prisma', () => {
  it('declares exactly the columns, keys and relations that the migrations make', async () => {
    const url = await emptyDatabase();
    await applyMigrations(url);
    const schema = readFileSync(join(packageRoot, 'prisma', 'schema.prisma'), 'utf8');
    const declared = declaredColumns(schema);
    await withClient(url, async (client) => {
      const { rows } = await client.query<Column>(
        `SELECT table_name AS "table", column_name AS "column", udt_name AS type, is_nullable = 'YES' AS nullable,
           column_default IS NOT NULL AS "hasDefault"
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'`,
      );
      expect(declared.length).toBeGreaterThan(60);
      expect(rows.sort(byName)).toEqual(declared.sort(byName));

      const { rows: keys } = await client.query<{ kind: string; count: number }>(
        `SELECT contype::text AS kind, count(*)::int AS count FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'f')
           AND conrelid <> '_prisma_migrations'::regclass
         GROUP BY contype`,
      );
      const count = (pattern: RegExp) => [...schema.matchAll(pattern)].length;
      expect(Object.fromEntries(keys.map((row) => [row.kind, row.count]))).toEqual({
        p: count(/@@?id\b/g),
        f: count(/@relation\([^)]*\bfields:/g),
      });
    });
  });
});
