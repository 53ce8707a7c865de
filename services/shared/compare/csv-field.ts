import { oneLine } from './plain-text.js';

export type CsvValue = string | number | boolean | undefined;

/** Text that a spreadsheet would take for a formula gets an apostrophe before it, which spreadsheets do not show. */
export function csvField(value: CsvValue): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const line = oneLine(value);
  const safe = /^[=+\-@]/.test(line) ? `'${line}` : line;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
