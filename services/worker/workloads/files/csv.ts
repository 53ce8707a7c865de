import { SigmasweepError } from '../../../shared/errors.js';

/** A row by the names of its columns. */
export type CsvRow = Readonly<Record<string, string>>;

/**
 * Reads comma-separated values as RFC 4180 has them: quotes around a field, doubled within it; the first row names the
 * columns. Blank lines are passed over.
 * @param file its name, for errors
 * @throws SigmasweepError DATA_CSV when a row has another number of fields than the first, or a quote is not closed
 */
export function readCsv(
  text: string,
  file: string,
): { readonly columns: readonly string[]; readonly rows: readonly CsvRow[] } {
  const records = recordsOf(text.replace(/^\uFEFF/, ''), file).filter(
    ({ fields }) => fields.length > 1 || fields[0] !== '',
  );
  const [head, ...rest] = records;
  const columns = head?.fields.map((name) => name.trim()) ?? [];
  const rows = rest.map(({ fields, line }): CsvRow => {
    if (fields.length !== columns.length) {
      throw new SigmasweepError(
        'DATA_CSV',
        `${file}, line ${line}: ${fields.length} fields; the first row names ${columns.length} columns`,
        { hint: 'A field with a comma needs double quotes around it.' },
      );
    }
    return Object.fromEntries(columns.map((name, index) => [name, (fields[index] ?? '').trim()]));
  });
  return { columns, rows };
}

function recordsOf(text: string, file: string): { fields: string[]; line: number }[] {
  const records: { fields: string[]; line: number }[] = [];
  // A field in quotes or without any, and what ends it.
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  let [fields, line, begin]: [string[], number, number] = [[], 1, 1];
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      throw new SigmasweepError('DATA_CSV', `${file}, line ${line}: a quote is not closed, or stands within a field`, {
        hint: 'Double the quotes within a field, and put the field in quotes.',
      });
    }
    const [, quoted, plain = '', end] = match;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += (text.slice(at, pattern.lastIndex).match(/\r\n|\n|\r/g) ?? []).length;
    if (end === ',') {
      if (pattern.lastIndex === text.length) fields.push('');
      else continue;
    }
    records.push({ fields, line: begin });
    [fields, begin] = [[], line];
  }
  if (fields.length > 0) records.push({ fields, line: begin });
  return records;
}
