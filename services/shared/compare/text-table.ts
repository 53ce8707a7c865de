import type { Comparison, ComparisonRow, MetricCell, MetricColumn, WeightCell } from './comparison.js';
import { metricTitle } from './metric-names.js';
import { sizes, type SizeInfo } from './network-size.js';
import { comparisonNotes, protocolLine } from './notes.js';
import {
  dash,
  formatChange,
  formatMetric,
  formatSize,
  formatWeight,
  closeMark,
  type SpreadText,
} from './number-forms.js';
import { oneLine } from './plain-text.js';
import type { Spread } from './statistics.js';

export interface TextColumn {
  /** Neighbours of one group share a heading above their own; '' for none. */
  readonly group: string;
  readonly heading: string;
  readonly align: 'left' | 'right';
}

export interface TextCell {
  /** The number or text itself. */
  readonly main: string;
  /** What follows a mean: its spread, the mark of what is close to the best and, where seeds are missing, their number. */
  readonly rest: string;
  readonly best: boolean;
}

export interface TextRow {
  readonly cells: readonly TextCell[];
  /** Learned weightings stand below a line, as in the paper; where there are several architectures, each of them does. */
  readonly lineAbove: boolean;
}

/** The printed comparison before it is typeset; every text is one line, and nothing is escaped yet. */
export interface TextTable {
  readonly title: string;
  readonly protocol: string;
  readonly columns: readonly TextColumn[];
  readonly rows: readonly TextRow[];
  readonly notes: readonly string[];
}

/**
 * Lays a comparison out like table 1 of Kendall, Gal & Cipolla 2018: weights, name, the primary metric of each task, Δm.
 * Secondary metrics are in the CSV and the dashboard, and here where a person chose the columns.
 */
export function textTable(comparison: Comparison): TextTable {
  const { tasks, columns, rows, hasDelta, hasSizes, columnsChosen } = comparison;
  const shown = columns
    .map((column, place) => ({ column, place }))
    .filter(({ column }) => columnsChosen === true || column.primary);
  return {
    title: oneLine(comparison.name),
    protocol: protocolLine(comparison),
    columns: [
      ...tasks.map(({ label }) => ({ group: 'Weight', heading: oneLine(label), align: 'right' }) as const),
      { group: '', heading: 'Setting', align: 'left' },
      ...shown.map(({ column }) => headingOf(column, comparison)),
      ...(hasDelta ? [{ group: '', heading: 'Δm [%] ↑', align: 'right' } as const] : []),
      ...(hasSizes
        ? sizes.map(({ label, unit }) => ({ group: 'Network', heading: `${label} [${unit}]`, align: 'right' }) as const)
        : []),
    ],
    rows: rows.map((row, index) => ({
      cells: [
        ...row.weights.map((weight) => plain(weightText(weight))),
        // Without its label a grid's row is as in the paper: its weights stand right beside.
        plain(row.named ? row.name : ''),
        ...shown.map(({ column, place }) => metricCell(row.cells[place], column, row)),
        ...(hasDelta ? [deltaCell(row)] : []),
        ...(hasSizes ? sizes.map((size) => sizeCell(row, size)) : []),
      ],
      lineAbove: index > 0 && beginsBlock(row, rows[index - 1]),
    })),
    notes: comparisonNotes(comparison).map(oneLine),
  };
}

/** Learned weightings stand apart or, in a sweep of several architectures, each of these does. */
function beginsBlock({ setting }: ComparisonRow, before: ComparisonRow | undefined): boolean {
  if (typeof setting.model === 'string') return setting.model !== before?.setting.model;
  return (setting.kind === 'learned') !== (before?.setting.kind === 'learned');
}

function sizeCell({ size }: ComparisonRow, info: SizeInfo): TextCell {
  const over = size[info.name];
  if (over === undefined) return plain(dash);
  const { mean, deviation } = formatSize(over, info);
  return { main: mean, rest: deviation === undefined ? '' : `± ${deviation}`, best: false };
}

function headingOf({ task, metric }: MetricColumn, { tasks }: Comparison): TextColumn {
  const group = tasks.find(({ name }) => name === task)?.label ?? task;
  const arrow = metric.better === 'higher' ? '↑' : '↓';
  return { group: oneLine(group), heading: `${metricTitle(metric)} ${arrow}`, align: 'right' };
}

function weightText({ mark, fixed }: WeightCell): string {
  return fixed === undefined ? (mark ?? dash) : formatWeight(fixed);
}

function plain(main: string): TextCell {
  return { main, rest: '', best: false };
}

function metricCell(cell: MetricCell | undefined, { metric }: MetricColumn, row: ComparisonRow): TextCell {
  if (cell === undefined) return plain(dash);
  return spreadCell(cell.spread, (over) => formatMetric(over, metric), cell, row);
}

function deltaCell(row: ComparisonRow): TextCell {
  if (row.delta === undefined) return plain(dash);
  return spreadCell(row.delta.total, formatChange, { best: row.deltaBest, close: row.deltaClose }, row);
}

function spreadCell(
  over: Spread | undefined,
  format: (over: Spread) => SpreadText,
  { best, close }: { readonly best: boolean; readonly close: boolean },
  { trials, stoppedAt }: ComparisonRow,
): TextCell {
  if (stoppedAt !== undefined) return { main: '', rest: `stopped (epoch ${String(stoppedAt)})`, best: false };
  const count = over?.count ?? 0;
  const seeds = count === trials.length ? '' : `(${String(count)}/${String(trials.length)})`;
  if (over === undefined) return { main: '', rest: seeds === '' ? dash : seeds, best: false };
  const { mean, deviation } = format(over);
  const rest = [
    ...(deviation === undefined ? [] : [`± ${deviation}`]),
    ...(close ? [closeMark] : []),
    ...(seeds === '' ? [] : [seeds]),
  ];
  return { main: mean, rest: rest.join(' '), best };
}

/** The text of a cell whose mean is typeset by its own. */
export function joinCell({ main, rest }: TextCell, typeset: (main: string) => string): string {
  if (main === '') return rest;
  return rest === '' ? typeset(main) : `${typeset(main)} ${rest}`;
}

/** Runs of neighbouring columns of one group. */
export function columnGroups(columns: readonly TextColumn[]): { group: string; from: number; length: number }[] {
  const groups: { group: string; from: number; length: number }[] = [];
  columns.forEach(({ group }, column) => {
    const last = groups.at(-1);
    if (last !== undefined && group !== '' && last.group === group) last.length += 1;
    else groups.push({ group, from: column, length: 1 });
  });
  return groups;
}
