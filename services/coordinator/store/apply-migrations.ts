import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { SigmasweepError } from '../../shared/errors.js';
import { readMigrationFiles, type MigrationFile } from './migration-files.js';

/** The advisory lock that `prisma migrate` takes: whoever migrates, one does it at a time. */
const lockKey = 72_707_369;
const lockWithinMs = 60_000;

/** Prisma's own table, so that `prisma migrate deploy` and `status` agree with what was done here. */
const ledger = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`;

interface LedgerRow {
  migration_name: string;
  checksum: string;
  finished: boolean;
}

/** Compares what the database has with what this version brings, and gives back what is still to be applied. */
function pending(files: readonly MigrationFile[], applied: readonly LedgerRow[]): MigrationFile[] {
  const known = new Map(files.map((file) => [file.name, file]));
  for (const row of applied) {
    const file = known.get(row.migration_name);
    if (!row.finished) {
      throw new SigmasweepError('MIGRATION_INCOMPLETE', `Migration ${row.migration_name} was begun and not finished.`, {
        hint: 'Look at the tables, then run `prisma migrate resolve` for it.',
      });
    }
    if (file === undefined) {
      throw new SigmasweepError(
        'DATABASE_NEWER',
        `The database has the migration ${row.migration_name}, which this version of sigmasweep does not know.`,
        { hint: 'A newer version has used this database: run that one, or use another database.' },
      );
    }
    if (row.checksum !== file.checksum && row.checksum !== file.checksumOfOtherLineEnds) {
      throw new SigmasweepError(
        'MIGRATION_CHANGED',
        `prisma/migrations/${row.migration_name}/migration.sql is not the file that was applied: its SHA-256 is ${file.checksum}, expected ${row.checksum}.`,
        { hint: 'Restore the file; put changes into a new migration.' },
      );
    }
  }
  const done = new Set(applied.map((row) => row.migration_name));
  return files.filter((file) => !done.has(file.name));
}

/** All of a migration or nothing of it: its statements and its row of the ledger are one transaction. */
async function apply(client: pg.Client, file: MigrationFile): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(file.sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), file.checksum, file.name],
    );
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw new SigmasweepError('MIGRATION_FAILED', `Migration ${file.name} could not be applied: ${String(cause)}`, {
      hint: 'Nothing of it was kept. The role of DATABASE_URL must own the schema.',
      cause,
    });
  }
}

/**
 * Brings the database's tables up to this version. Safe to be called by several processes at once.
 * @returns names of the migrations that were applied
 * @throws SigmasweepError MIGRATION_CHANGED, MIGRATION_INCOMPLETE, MIGRATION_FAILED or DATABASE_NEWER; the driver's error
 * when the database cannot be reached
 */
export async function applyMigrations(
  databaseUrl: string,
  files: readonly MigrationFile[] = readMigrationFiles(),
): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  // A connection that breaks between two queries makes the next one fail; unheard, it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(`SET lock_timeout = ${String(lockWithinMs)}`);
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
    await client.query(ledger);
    const { rows } = await client.query<LedgerRow>(
      `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
    );
    const wanted = pending(files, rows);
    for (const file of wanted) await apply(client, file);
    return wanted.map((file) => file.name);
  } finally {
    // Ends the session and with it the lock.
    await client.end().catch(() => undefined);
  }
}
