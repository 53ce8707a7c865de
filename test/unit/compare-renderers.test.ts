import { describe, expect, it } from 'vitest';
import { compareSweep, type Comparison } from '../../services/shared/compare/comparison.js';
import { displayWidth } from '../../services/shared/compare/plain-text.js';
import { renderCsv } from '../../services/shared/compare/render-csv.js';
import { renderLatex } from '../../services/shared/compare/render-latex.js';
import { renderMarkdown } from '../../services/shared/compare/render-markdown.js';
import { renderTerminal } from '../../services/shared/compare/render-terminal.js';
import type { SweepResults } from '../../services/shared/compare/results.js';
import { paperResults, paperTables } from '../helpers/paper-tables.js';

const paperA = compareSweep(paperResults(paperTables.a));

/** Three seeds of table (a) that differ by the same step, one trial of the second row failed. */
const results = paperResults(paperTables.a);
const seeds: SweepResults = {
  ...results,
  trials: results.trials.flatMap((trial) =>
    [-1, 0, 1].map((step) => {
      const failed = trial.settingKey === 'setting-1' && step === 1;
      return {
        ...trial,
        trialId: `${trial.trialId}-${String(step)}`,
        seed: step + 2,
        state: failed ? ('failed' as const) : trial.state,
        metrics: trial.metrics.map((one) => ({ ...one, value: one.value + step * 0.01 })),
      };
    }),
  ),
};

/** RFC 4180, written anew so that the renderer is not checked by itself. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? bare ?? '');
    if (end === '\n') rows.push([]);
    if (end === '') break;
  }
  return rows.filter((row) => row.length > 1);
}

function csvRecords(text: string): Record<string, string>[] {
  const [head = [], ...rows] = parseCsv(text);
  return rows.map((row) => Object.fromEntries(head.map((name, place) => [name, row[place] ?? ''])));
}

/** The cells of a line of a Markdown table: split where a bar is not escaped. */
function markdownCells(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

describe('terminal', () => {
  it('marks the best by colour, or by a sign where there is none', () => {
    expect(renderTerminal(paperA, { colour: true })).toContain('\u001b[1;32m62.7\u001b[0m');
    const plain = renderTerminal(paperA, { colour: false });
    expect(plain).not.toContain('\u001b');
    expect(plain.match(/\*[\d.+]+/g)).toEqual(['*62.7', '*0.533', '*+11.1']);
  });

  it('begins a row with its weights, as the paper does', () => {
    const lines = renderTerminal(paperA, { colour: false })
      .split('\n')
      .map((line) => line.trim().split(/\s{2,}/));
    expect(lines.find(([first]) => first === '1.0')).toEqual(['1.0', '0', '1 / 0', '59.4', '–', '–']);
    expect(lines.find(([first]) => first === '0.975')).toEqual(['0.975', '0.025', '59.5', '0.664', '−1.8']);
    expect(lines.find(([first]) => first === '✓')).toEqual(['✓', '✓', 'Task uncertainty', '*62.7', '*0.533', '*+11.1']);
  });

  it('puts means under each other whatever follows them', () => {
    const lines = renderTerminal(compareSweep(seeds), { colour: false }).split('\n');
    const rows = lines.filter((line) => /^\s+0\.\d/.test(line));
    expect(rows.length).toBe(9);
    expect(new Set(rows.map((line) => line.indexOf('±'))).size).toBe(1);
    expect(rows[0]).toContain('59.0 ± 0.7 (2/3)');
    expect(rows[1]).toContain('59.9 ± 1.0  ');
  });

  it('counts the columns that wide signs take', () => {
    expect(displayWidth('深度 σ²')).toBe(7);
    expect(displayWidth('e\u0301')).toBe(1);
  });
});

describe('Markdown', () => {
  it('has one cell per column in every row and the best in bold', () => {
    const lines = renderMarkdown(paperA)
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(lines).toHaveLength(2 + 12);
    expect(new Set(lines.map((line) => markdownCells(line).length))).toEqual(new Set([6]));
    expect(markdownCells(lines.at(-1) ?? '')).toEqual([
      '✓',
      '✓',
      'Task uncertainty',
      '**62.7**',
      '**0.533**',
      '**+11.1**',
    ]);
    expect(lines[1]).toBe('| ---: | ---: | --- | ---: | ---: | ---: |');
  });
});

describe('LaTeX', () => {
  it('has one cell per column in every row and the best in bold', () => {
    const lines = renderLatex(paperA).split('\n');
    const from = lines.findIndex((line) => line.includes('\\midrule'));
    const rows = lines.slice(from).filter((line) => / & /.test(line));
    expect(rows).toHaveLength(12);
    expect(new Set(rows.map((row) => row.split(/(?<!\\)&/).length))).toEqual(new Set([6]));
    expect(rows.at(-1)).toContain('\\textbf{62.7} & \\textbf{0.533} & \\textbf{+11.1}');
    expect(lines.join('\n')).toMatch(/\\begin\{tabular\}\{rrlrrr\}\n\s+\\toprule/);
  });
});

describe('CSV', () => {
  it('holds every number unrounded', () => {
    const comparison = compareSweep(seeds);
    const records = csvRecords(renderCsv(comparison));
    expect(records).toHaveLength(12);
    const column = comparison.columns.findIndex(({ metric }) => metric.name === 'meanIoU');
    records.forEach((record, place) => {
      const row = comparison.rows[place];
      const over = row?.cells[column]?.spread;
      expect(record['semantic.meanIoU.mean']).toBe(over === undefined ? '' : String(over.mean));
      expect(record['semantic.meanIoU.sd']).toBe(over === undefined ? '' : String(over.deviation));
      expect(record['deltaM.mean']).toBe(row?.delta === undefined ? '' : String(row.delta.total.mean));
    });
    expect(records[1]).toMatchObject({ 'seeds.planned': '3', 'seeds.finished': '2', 'seeds.failed': '1' });
    expect(records[1]).toMatchObject({ 'weight.semantic': '0.975', 'semantic.meanIoU.n': '2' });
    expect(records[11]).toMatchObject({ 'weight.semantic': '', 'semantic.meanIoU.best': 'true', kind: 'learned' });
    expect(Number(records[11]?.['deltaM.depth.mean'])).toBeCloseTo(16.71875, 10);
  });
});

describe('hostile labels', () => {
  const labels = [
    `=cmd|' /C calc'!A0`,
    '+1+1',
    '-2+3',
    '@SUM(A1:A9)',
    '\t=1+1',
    'line\nbreak\r\n| more |',
    'bar | bar \\| bar',
    'back\\slash \\\\',
    '$x^2_{1}$ %50 & #1 ~ {brace',
    '\\input{/etc/passwd} } \\end{tabular}',
    '\u001b[31mred\u001b[0m\u0007\u009b2J',
    '\u202Ereversed\u2066 \u200Bhidden',
    '<img src=x onerror=alert(1)>',
    'quote " and "",, comma',
    '`code` **bold** _under_ [link](javascript:alert(1))',
    '\u2028separator\u2029 \0nul',
    'half \uD800 sign',
    '[0.5ex] * 3',
  ];
  const wild = compareSweep({
    ...results,
    name: labels.join(' '),
    // Learned rows always show their label.
    settings: labels.map((label, position) => ({
      ...(results.settings[11] as (typeof results.settings)[number]),
      key: `setting-${String(position % 12)}`,
      position,
      label,
    })),
  });
  const harmless = labels.map(() => 'x');
  const calm = compareSweep({
    ...results,
    settings: wild.rows.map(({ setting }, place) => ({ ...setting, label: harmless[place] ?? '' })),
  });

  it.each([
    ['terminal', (comparison: Comparison) => renderTerminal(comparison, { colour: false })],
    ['Markdown', renderMarkdown],
    ['LaTeX', renderLatex],
    ['CSV', renderCsv],
  ] as const)('%s stays in its lines, without control signs', (_, render) => {
    const text = render(wild);
    expect(text.split('\n').length).toBe(render(calm).split('\n').length);
    expect(text).not.toMatch(/[^\P{Cc}\n]|[\u2028\u2029\u202A-\u202E\u2066-\u2069]|\p{Surrogate}/u);
  });

  it('no cell of the CSV is a formula, and labels come back', () => {
    const records = csvRecords(renderCsv(wild));
    expect(records).toHaveLength(labels.length);
    for (const record of records) expect(record['setting']).not.toMatch(/^[=+\-@\t\r]/);
    expect(records[0]?.['setting']).toBe(`'=cmd|' /C calc'!A0`);
    expect(records[13]?.['setting']).toBe('quote " and "",, comma');
  });

  it('Markdown keeps its cells and shows no tag, link or emphasis of theirs', () => {
    const rows = renderMarkdown(wild)
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(new Set(rows.map((line) => markdownCells(line).length))).toEqual(new Set([5]));
    const shown = rows.slice(2).map((line) => markdownCells(line)[2] ?? '');
    expect(shown.join('\n')).not.toMatch(/(?<!\\)[`*_[]|</);
    expect(shown[7]).toBe('back\\\\slash \\\\\\\\');
  });

  it('LaTeX keeps its cells, its groups and shows no command of theirs', () => {
    const body = renderLatex(wild).split('\\midrule')[1] ?? '';
    const rows = body.split('\n').filter((line) => / & /.test(line));
    expect(rows).toHaveLength(labels.length);
    for (const row of rows) {
      const cells = row
        .trim()
        .replace(/ \\\\$/, '')
        .split(/(?<!\\)&/);
      expect(cells).toHaveLength(5);
      const rest = (cells[2] ?? '')
        .replace(/\\text[a-z]+\{\}/g, '')
        .replace(/\\[%&$#_{}]/g, '')
        .replace(/\{[[\]*]\}/g, '');
      expect(rest).not.toMatch(/[\\%$#_{}~^&[\]*]/);
    }
  });
});
