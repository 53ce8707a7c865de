import { markBest, type Comparison, type ComparisonRow, type MetricColumn } from '../../shared/compare/comparison.js';
import { sizes } from '../../shared/compare/network-size.js';
import { differingOptions, type DifferingOption, type SettingOptions } from './options.js';
import type { TableView } from './table-view.js';

/** Rows under one heading; the only group of an ungrouped table has none. */
export interface RowGroup {
  readonly heading: string | undefined;
  readonly rows: readonly ComparisonRow[];
}

export interface ShownComparison {
  /** Only what is shown, in its order: files are made from it. */
  readonly comparison: Comparison;
  readonly groups: readonly RowGroup[];
  readonly pinned: ComparisonRow | undefined;
  readonly chosen: readonly ComparisonRow[];
  /** Options that differ between the chosen rows. */
  readonly differing: readonly DifferingOption[];
  /** Rows that the view leaves out. */
  readonly hidden: number;
}

export const deltaKey = 'delta';
/** Of the columns of what networks cost, which are shown together. */
export const sizesKey = 'network';

export function columnKey({ task, metric }: MetricColumn): string {
  return `${task}.${metric.name}`;
}

export function weightKey(task: string): string {
  return `weight.${task}`;
}

/** What rows can be grouped by: their kind, their method and every option that is not the same in all of them. */
export function groupings(options: ReadonlyMap<string, SettingOptions>): string[] {
  return ['kind', 'method', ...differingOptions([...options.values()]).map(({ path }) => path)];
}

/** Narrows a comparison to a view. Pure; the best is marked anew among the rows that are shown. */
export function applyView(
  whole: Comparison,
  options: ReadonlyMap<string, SettingOptions>,
  view: TableView,
): ShownComparison {
  const hidden = new Set(view.hidden);
  const wanted = view.text.toLowerCase();
  const kept = whole.rows.filter(
    ({ setting, name }) =>
      !hidden.has(setting.key) &&
      (view.kind === undefined || setting.kind === view.kind) &&
      (wanted === '' || name.toLowerCase().includes(wanted) || setting.label.toLowerCase().includes(wanted)),
  );
  const places = whole.columns.flatMap((column, place) =>
    view.columns === undefined || view.columns.includes(columnKey(column)) ? [place] : [],
  );
  const columns = places.flatMap((place) => whole.columns[place] ?? []);
  const marked = markBest(
    kept.map((row) => ({ ...row, cells: places.map((place) => row.cells[place]) })),
    columns,
    whole.tasks.length,
  );
  const sorted = sortRows(marked, columns, view);
  const groups = groupRows(sorted, options, view.group);
  const rows = groups.flatMap((group) => group.rows);
  const byKey = (key: string): ComparisonRow[] => rows.filter(({ setting }) => setting.key === key);
  const chosen = view.chosen.flatMap(byKey);
  return {
    comparison: {
      ...whole,
      columns,
      rows,
      hasSizes: whole.hasSizes && (view.columns === undefined || view.columns.includes(sizesKey)),
      hasDelta: whole.hasDelta && (view.columns === undefined || view.columns.includes(deltaKey)),
      ...(view.columns === undefined ? {} : { columnsChosen: true }),
    },
    groups,
    pinned: view.pinned === undefined ? undefined : byKey(view.pinned)[0],
    chosen,
    differing:
      chosen.length < 2 ? [] : differingOptions(chosen.map(({ setting }) => options.get(setting.key) ?? new Map())),
    hidden: whole.rows.length - kept.length,
  };
}

type SortValue = string | number | undefined;

function sortValue(columns: readonly MetricColumn[], key: string): ((row: ComparisonRow) => SortValue) | undefined {
  if (key === 'name') return ({ name }) => name;
  if (key === 'seeds') return ({ finished }) => finished;
  if (key === deltaKey) return ({ delta }) => delta?.total.mean;
  const size = sizes.find(({ name }) => name === key)?.name;
  if (size !== undefined) return (row) => row.size[size]?.mean;
  const column = columns.findIndex((one) => columnKey(one) === key);
  if (column >= 0) return ({ cells }) => cells[column]?.spread?.mean;
  const task = key.startsWith('weight.') ? key.slice('weight.'.length) : undefined;
  if (task === undefined) return undefined;
  return ({ weights }) => {
    const weight = weights.find((one) => one.task === task);
    return weight?.fixed ?? weight?.learned?.normalised.mean;
  };
}

/** Rows without a value come last either way; equal ones keep the spec's order. */
function sortRows(rows: readonly ComparisonRow[], columns: readonly MetricColumn[], view: TableView): ComparisonRow[] {
  const valueOf = view.sort === undefined ? undefined : sortValue(columns, view.sort);
  if (valueOf === undefined) return [...rows];
  const sign = view.descending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: valueOf(row) }))
    .sort((a, b) => {
      if (a.value === undefined || b.value === undefined)
        return Number(a.value === undefined) - Number(b.value === undefined);
      if (typeof a.value === 'number' && typeof b.value === 'number') return sign * (a.value - b.value);
      return sign * String(a.value).localeCompare(String(b.value), 'en', { numeric: true });
    })
    .map(({ row }) => row);
}

function groupRows(
  rows: readonly ComparisonRow[],
  options: ReadonlyMap<string, SettingOptions>,
  by: string | undefined,
): RowGroup[] {
  if (by === undefined) return [{ heading: undefined, rows }];
  const groups = new Map<string, ComparisonRow[]>();
  for (const row of rows) {
    const { setting } = row;
    const value =
      by === 'kind'
        ? setting.kind
        : by === 'method'
          ? setting.method
          : (options.get(setting.key)?.get(by) ?? 'not set');
    const group = groups.get(value);
    if (group === undefined) groups.set(value, [row]);
    else group.push(row);
  }
  return [...groups].map(([heading, some]) => ({ heading, rows: some }));
}
