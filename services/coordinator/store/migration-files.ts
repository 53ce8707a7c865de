import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../shared/version.js';

/** A folder of prisma/migrations. */
export interface MigrationFile {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, as Prisma computes it. */
  readonly checksum: string;
  /** That of the same file with the other kind of line ends: git may have changed them. */
  readonly checksumOfOtherLineEnds: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Reads the migrations in their order. */
export function readMigrationFiles(folder: string = join(packageRoot, 'prisma', 'migrations')): MigrationFile[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8');
      const unix = sql.replaceAll('\r\n', '\n');
      const other = unix === sql ? unix.replaceAll('\n', '\r\n') : unix;
      return { name, sql, checksum: sha256(sql), checksumOfOtherLineEnds: sha256(other) };
    });
}
