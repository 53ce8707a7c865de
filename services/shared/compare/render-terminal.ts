import type { Comparison } from './comparison.js';
import { displayWidth } from './plain-text.js';
import { columnGroups, textTable, type TextCell, type TextTable } from './text-table.js';

/** Space between columns. */
const gap = '   ';

interface Style {
  readonly best: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

const coloured: Style = {
  best: (text) => `\u001b[1;32m${text}\u001b[0m`,
  faint: (text) => `\u001b[2m${text}\u001b[0m`,
  strong: (text) => `\u001b[1m${text}\u001b[0m`,
};
/** Without colours the best values are marked by a sign before them. */
const bare: Style = { best: (text) => text, faint: (text) => text, strong: (text) => text };
const bestSign = '*';

/** Widths of one column: of what is before a mean's end, and of what follows it, so that means stand under each other. */
interface Widths {
  readonly main: number;
  readonly rest: number;
  readonly whole: number;
}

/**
 * The comparison for a terminal, as lines that end with a line break.
 * @param options.colour whether escape sequences for bold and colour may be written
 */
export function renderTerminal(comparison: Comparison, { colour }: { colour: boolean }): string {
  const table = textTable(comparison);
  const style = colour ? coloured : bare;
  const mainOf = (cell: TextCell): string => (cell.best && !colour ? `${bestSign}${cell.main}` : cell.main);
  const widths = columnWidths(table, mainOf);
  const total = widths.reduce((sum, { whole }) => sum + whole, 0) + gap.length * (widths.length - 1);
  const rule = style.faint('─'.repeat(total));

  const body = table.rows.flatMap(({ cells, lineAbove }) => {
    const line = cells
      .map((cell, column) => {
        const width = widths[column] ?? { main: 0, rest: 0, whole: 0 };
        const main = mainOf(cell);
        if (table.columns[column]?.align === 'left') return pad(main, width.whole, 'left');
        const mean = `${' '.repeat(Math.max(0, width.main - displayWidth(main)))}${cell.best ? style.best(main) : main}`;
        const restText = cell.rest === '' ? '' : ` ${cell.rest}`;
        const rest = `${style.faint(restText)}${' '.repeat(Math.max(0, width.rest - displayWidth(restText)))}`;
        return `${' '.repeat(width.whole - width.main - width.rest)}${mean}${rest}`;
      })
      .join(gap)
      .trimEnd();
    return lineAbove ? [rule, line] : [line];
  });
  const marked = !colour && table.rows.some(({ cells }) => cells.some(({ best }) => best));
  return [
    style.strong(table.title),
    style.faint(table.protocol),
    '',
    groupLine(table, widths),
    table.columns
      .map(({ heading, align }, column) => pad(heading, widths[column]?.whole ?? 0, align))
      .join(gap)
      .trimEnd(),
    rule,
    ...body,
    rule,
    ...(marked ? [`${bestSign} best of its column`] : []),
    ...table.notes.map((note) => style.faint(note)),
    '',
  ].join('\n');
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + space : space + text;
}

function columnWidths({ columns, rows }: TextTable, mainOf: (cell: TextCell) => string): Widths[] {
  const groups = columnGroups(columns);
  return columns.map(({ heading }, column) => {
    const cells = rows.flatMap((row) => row.cells[column] ?? []);
    const main = Math.max(0, ...cells.map((cell) => displayWidth(mainOf(cell))));
    const rest = Math.max(0, ...cells.map((cell) => (cell.rest === '' ? 0 : displayWidth(cell.rest) + 1)));
    // A group of one column must fit into it; longer ones have room enough in their columns.
    const group = groups.find(({ from, length }) => from === column && length === 1)?.group ?? '';
    return { main, rest, whole: Math.max(main + rest, displayWidth(heading), displayWidth(group)) };
  });
}

function groupLine({ columns }: TextTable, widths: readonly Widths[]): string {
  return columnGroups(columns)
    .map(({ group, from, length }) => {
      const inside = widths.slice(from, from + length);
      const width = inside.reduce((sum, { whole }) => sum + whole, 0) + gap.length * (length - 1);
      return pad(group, width, columns[from]?.align ?? 'left');
    })
    .join(gap)
    .trimEnd();
}
