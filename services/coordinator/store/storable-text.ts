import type { ErrorRecord } from '../../shared/errors.js';

/**
 * A text as PostgreSQL can hold it: training code may log anything, but a zero byte or half of a surrogate pair in one
 * line must not cost the report that it comes with.
 */
export function storableText(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8').replaceAll('\0', '\uFFFD');
}

/** The JSON of an error, for a jsonb column. */
export function storableError(error: ErrorRecord): string {
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(error).map(([key, value]: [string, unknown]) => [
        key,
        typeof value === 'string' ? storableText(value) : value,
      ]),
    ),
  );
}
