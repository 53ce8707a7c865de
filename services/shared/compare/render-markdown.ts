import type { Comparison } from './comparison.js';
import { joinCell, textTable } from './text-table.js';

/** Signs that GitHub's Markdown, or HTML within it, takes for more than themselves. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*_[|~$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** The comparison as a table of GitHub's Markdown; the best values are bold. */
export function renderMarkdown(comparison: Comparison): string {
  const { title, protocol, columns, rows, notes } = textTable(comparison);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `**${escapeMarkdown(title)}**. ${escapeMarkdown(protocol)}.`,
    '',
    line(
      columns.map(({ group, heading }) =>
        [group, heading]
          .filter((text) => text !== '')
          .map(escapeMarkdown)
          .join('<br>'),
      ),
    ),
    line(columns.map(({ align }) => (align === 'left' ? '---' : '---:'))),
    ...rows.map(({ cells }) =>
      line(
        cells.map((cell) =>
          joinCell({ ...cell, main: escapeMarkdown(cell.main), rest: escapeMarkdown(cell.rest) }, (main) =>
            cell.best ? `**${main}**` : main,
          ),
        ),
      ),
    ),
    ...notes.flatMap((note) => ['', escapeMarkdown(note)]),
    '',
  ].join('\n');
}
