import { settingKinds, type Setting } from '../../shared/compare/results.js';

/** Which part of a comparison is shown, and how: everything that its address holds. */
export interface TableView {
  /** Keys of the shown columns; undefined for all. */
  readonly columns: readonly string[] | undefined;
  /** Key of the column that the rows are sorted by; undefined for the spec's order. */
  readonly sort: string | undefined;
  readonly descending: boolean;
  /** `kind`, `method` or the path of an option; undefined for no groups. */
  readonly group: string | undefined;
  readonly kind: Setting['kind'] | undefined;
  /** Rows whose name holds this text. */
  readonly text: string;
  /** Keys of settings that are left out. */
  readonly hidden: readonly string[];
  /** Key of the setting that the others are shown against. */
  readonly pinned: string | undefined;
  /** Keys of settings whose options are compared. */
  readonly chosen: readonly string[];
  /** Whether a long table is shown to its end. */
  readonly allRows: boolean;
}

export const everything: TableView = {
  columns: undefined,
  sort: undefined,
  descending: false,
  group: undefined,
  kind: undefined,
  text: '',
  hidden: [],
  pinned: undefined,
  chosen: [],
  allRows: false,
};

/** Longer values, and more of them, are no view that this page has made. */
const longest = 200;
const most = 2000;

/** Names of the query's parameters: short, because the address is passed around. */
const names = {
  columns: 'col',
  sort: 'sort',
  order: 'order',
  group: 'group',
  kind: 'kind',
  text: 'find',
  hidden: 'hide',
  pinned: 'pin',
  chosen: 'pick',
  rows: 'rows',
} as const;

/** Reads a view from an address; what does not fit is as if it were not there. */
export function readView(query: URLSearchParams): TableView {
  const one = (name: string): string | undefined => {
    const value = query.get(name);
    return value === null || value === '' || value.length > longest ? undefined : value;
  };
  const many = (name: string): string[] =>
    [...new Set(query.getAll(name))].filter((value) => value !== '' && value.length <= longest).slice(0, most);
  const columns = many(names.columns);
  return {
    columns: columns.length === 0 ? undefined : columns,
    sort: one(names.sort),
    descending: query.get(names.order) === 'desc',
    group: one(names.group),
    kind: settingKinds.find((kind) => kind === query.get(names.kind)),
    text: one(names.text) ?? '',
    hidden: many(names.hidden),
    pinned: one(names.pinned),
    chosen: many(names.chosen),
    allRows: query.get(names.rows) === 'all',
  };
}

/** The view as name and value pairs; what is as usual is left out. */
export function viewPairs(view: TableView): [string, string][] {
  const one = (name: string, value: string | undefined): [string, string][] =>
    value === undefined || value === '' ? [] : [[name, value]];
  const many = (name: string, values: readonly string[]): [string, string][] => values.map((value) => [name, value]);
  return [
    ...many(names.columns, view.columns ?? []),
    ...one(names.sort, view.sort),
    ...one(names.order, view.sort !== undefined && view.descending ? 'desc' : undefined),
    ...one(names.group, view.group),
    ...one(names.kind, view.kind),
    ...one(names.text, view.text),
    ...many(names.hidden, view.hidden),
    ...one(names.pinned, view.pinned),
    ...many(names.chosen, view.chosen),
    ...one(names.rows, view.allRows ? 'all' : undefined),
  ];
}

/** A query string with its question mark; empty without pairs. */
export function queryOf(pairs: readonly (readonly [string, string])[]): string {
  const query = new URLSearchParams();
  for (const [name, value] of pairs) query.append(name, value);
  return query.size === 0 ? '' : `?${query.toString()}`;
}

/** The view as a query string, with a page's other parameters. */
export function viewQuery(view: TableView, others: readonly (readonly [string, string])[] = []): string {
  return queryOf([...viewPairs(view), ...others]);
}
