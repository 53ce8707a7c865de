import { describe, expect, it } from 'vitest';
import { applyView, groupings } from '../../services/dashboard/compare/apply-view.js';
import { flattenOptions } from '../../services/dashboard/compare/options.js';
import { everything, readView, viewQuery, type TableView } from '../../services/dashboard/compare/table-view.js';
import { compareSweep } from '../../services/shared/compare/comparison.js';
import { renderMarkdown } from '../../services/shared/compare/render-markdown.js';
import { paperResults, paperTables } from '../helpers/paper-tables.js';

const whole = compareSweep(paperResults(paperTables.a));
const options = new Map(
  whole.rows.map(({ setting }, place) => [
    setting.key,
    flattenOptions({
      version: 1,
      seed: place,
      model: { name: place % 2 === 0 ? 'hard-sharing' : 'mtan', encoder: [8, 16] },
      optimizer: { name: 'adam' },
    }),
  ]),
);
const apply = (view: Partial<TableView>) => applyView(whole, options, { ...everything, ...view });
const keys = whole.rows.map(({ setting }) => setting.key);

describe('a view of the comparison', () => {
  it('survives its address, hostile values too', () => {
    const view: TableView = {
      columns: ['semantic.meanIoU', 'delta'],
      sort: 'depth.meanError',
      descending: true,
      group: 'model.name',
      kind: 'fixed',
      text: `'; DROP TABLE trial; <img src=x onerror=alert(1)> &=?`,
      hidden: ['a&b', 'c=d'],
      pinned: 'x,y',
      chosen: ['1', '2'],
      allRows: true,
    };
    expect(readView(new URLSearchParams(viewQuery(view)))).toEqual(view);
    expect(viewQuery(everything)).toBe('');
    expect(readView(new URLSearchParams('kind=nonsense&order=up&sort='))).toEqual(everything);
  });

  it('sorts by a column, rows without a value last, and back to the spec’s order', () => {
    const shown = apply({ sort: 'depth.meanError' }).comparison;
    const place = shown.columns.findIndex(({ task, primary }) => task === 'depth' && primary);
    const means = shown.rows.map(({ cells }) => cells[place]?.spread?.mean);
    expect(means[0]).toBe(0.533);
    expect(means.at(-1)).toBeUndefined();
    const numbers = means.filter((mean) => mean !== undefined);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(apply({ sort: 'no.such' }).comparison.rows.map(({ setting }) => setting.key)).toEqual(keys);
  });

  it('marks the best among the rows that are shown', () => {
    const learned = keys.at(-1) ?? '';
    const shown = apply({ hidden: [learned] });
    expect(shown.hidden).toBe(1);
    const best = shown.comparison.rows.filter(({ cells }) => cells[0]?.best === true);
    expect(best.map(({ cells }) => cells[0]?.spread?.mean)).toEqual([0.604]);
  });

  it('groups by an option that differs, and offers only such options', () => {
    expect(groupings(options)).toEqual(['kind', 'method', 'model.name']);
    const { groups } = apply({ group: 'model.name' });
    expect(groups.map(({ heading }) => heading)).toEqual(['hard-sharing', 'mtan']);
    expect(groups.flatMap(({ rows }) => rows)).toHaveLength(keys.length);
  });

  it('tells what the chosen rows do not have in common', () => {
    expect(apply({ chosen: keys.slice(0, 2) }).differing).toEqual([
      { path: 'model.name', values: ['hard-sharing', 'mtan'] },
    ]);
    expect(apply({ chosen: keys.slice(0, 1) }).differing).toEqual([]);
  });

  it('is what its files hold', () => {
    const shown = apply({ columns: ['semantic.pixelAccuracy'], kind: 'learned' }).comparison;
    const text = renderMarkdown(shown);
    expect(text).toContain('Pixel accuracy');
    expect(text).not.toContain('IoU [%]');
    expect(text.split('\n').filter((line) => line.startsWith('|'))).toHaveLength(3);
  });
});
