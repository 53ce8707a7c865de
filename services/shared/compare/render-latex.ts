import type { Comparison } from './comparison.js';
import { columnGroups, joinCell, textTable } from './text-table.js';

/** Signs that LaTeX takes for commands, and those that a plain font lacks. A bracket could become an argument of `\\`. */
const replacements: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  '%': '\\%',
  '&': '\\&',
  $: '\\$',
  '#': '\\#',
  _: '\\_',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
  '`': '\\textasciigrave{}',
  '[': '{[}',
  ']': '{]}',
  '*': '{*}',
  '–': '--',
  '−': '$-$',
  '±': '$\\pm$',
  '†': '$^\\dagger$',
  '✓': '$\\checkmark$',
  '↺': '$\\circlearrowleft$',
  '↑': '$\\uparrow$',
  '↓': '$\\downarrow$',
  '×': '$\\times$',
  Δ: '$\\Delta$',
  σ: '$\\sigma$',
  '²': '$^2$',
  '³': '$^3$',
  '⁶': '$^6$',
};

export function escapeLatex(text: string): string {
  return text.replace(/./gsu, (sign) => replacements[sign] ?? sign);
}

/** The comparison as a LaTeX table with booktabs; the best values are bold. */
export function renderLatex(comparison: Comparison): string {
  const { title, protocol, columns, rows, notes } = textTable(comparison);
  const groups = columnGroups(columns).filter(({ group }) => group !== '');
  const groupCells = columnGroups(columns).map(({ group, length }) =>
    group === '' ? '' : `\\multicolumn{${String(length)}}{c}{${escapeLatex(group)}}`,
  );
  const rules = groups.map(({ from, length }) => `\\cmidrule(lr){${String(from + 1)}-${String(from + length)}}`);
  return [
    '% \\usepackage{booktabs, amssymb} and, for quotation marks in labels, \\usepackage[T1]{fontenc}',
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${escapeLatex(title)}. ${escapeLatex(protocol)}.}`,
    `  \\begin{tabular}{${columns.map(({ align }) => (align === 'left' ? 'l' : 'r')).join('')}}`,
    '    \\toprule',
    `    ${groupCells.join(' & ')} \\\\`,
    `    ${rules.join(' ')}`,
    `    ${columns.map(({ heading }) => escapeLatex(heading)).join(' & ')} \\\\`,
    '    \\midrule',
    ...rows.flatMap(({ cells, lineAbove }) => [
      ...(lineAbove ? ['    \\midrule'] : []),
      `    ${cells
        .map((cell) =>
          joinCell({ ...cell, main: escapeLatex(cell.main), rest: escapeLatex(cell.rest) }, (main) =>
            cell.best ? `\\textbf{${main}}` : main,
          ),
        )
        .join(' & ')} \\\\`,
    ]),
    '    \\bottomrule',
    '  \\end{tabular}',
    ...(notes.length === 0
      ? []
      : ['', '  \\smallskip', `  \\parbox{\\linewidth}{\\footnotesize ${notes.map(escapeLatex).join(' \\\\ ')}}`]),
    '\\end{table}',
    '',
  ].join('\n');
}
