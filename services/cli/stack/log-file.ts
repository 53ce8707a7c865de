import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const rotateAtBytes = 16 * 1024 * 1024;

/** A log opened for appending, and where this run's lines begin in it. */
export interface OpenLog {
  readonly fd: number;
  readonly offset: number;
}

/** Opens a log file for appending; one that has become large is kept as `<name>.1`, once. The caller closes `fd`. */
export function openLog(path: string): OpenLog {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path) && statSync(path).size > rotateAtBytes) renameSync(path, `${path}.1`);
  const fd = openSync(path, 'a', 0o600);
  return { fd, offset: fstatSync(fd).size };
}

/** The text of a log from a byte position on, at most `limit` bytes of it, counted from the end. */
export function readLog(path: string, offset = 0, limit = 256 * 1024): string {
  if (!existsSync(path)) return '';
  const fd = openSync(path, 'r');
  try {
    const size = fstatSync(fd).size;
    const from = Math.max(offset, size - limit);
    if (from >= size) return '';
    const buffer = Buffer.alloc(size - from);
    const read = readSync(fd, buffer, 0, buffer.length, from);
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(fd);
  }
}

/** The last lines of what a process has logged, for an error message. */
export function logTail(path: string, offset = 0, lines = 12): string {
  const text = readLog(path, offset).trimEnd();
  return text === '' ? '(its log is empty)' : text.split('\n').slice(-lines).join('\n');
}
