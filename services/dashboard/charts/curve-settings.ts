import type { Comparison, ComparisonRow } from '../../shared/compare/comparison.js';

/** More lines than these are not told apart; a page of a large sweep must not fetch thousands of curves either. */
const most = { single: 8, learned: 8, fixed: 12 } as const;

/**
 * The settings whose curves are drawn: of each kind those with the best Δm, or the best first metric where there is none.
 * Settings without a result come last, in the spec's order, so that a young sweep has curves too.
 * @returns keys in the comparison's order
 */
export function curveSettings({ rows, columns, hasDelta, tasks }: Comparison): string[] {
  const place = columns.findIndex(({ primary }) => primary);
  const sign = columns[place]?.metric.better === 'lower' ? -1 : 1;
  const good = (row: ComparisonRow): number => {
    const delta = row.setting.tasks.length === tasks.length ? row.delta?.total.mean : undefined;
    const value = hasDelta ? delta : row.cells[place]?.spread?.mean;
    return value === undefined ? -Infinity : value * (hasDelta ? 1 : sign);
  };
  const chosen = new Set(
    (['single', 'learned', 'fixed'] as const).flatMap((kind) =>
      rows
        .filter(({ setting }) => setting.kind === kind)
        .map((row, order) => ({ key: row.setting.key, order, good: good(row) }))
        .sort((a, b) => (a.good === b.good ? a.order - b.order : b.good - a.good))
        .slice(0, most[kind])
        .map(({ key }) => key),
    ),
  );
  return rows.map(({ setting }) => setting.key).filter((key) => chosen.has(key));
}
