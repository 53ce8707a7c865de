import { compareSweep, type Comparison } from '../../shared/compare/comparison.js';
import type { Database } from '../../shared/db/connect.js';
import { applyView, type ShownComparison } from '../compare/apply-view.js';
import type { SettingOptions } from '../compare/options.js';
import type { TableView } from '../compare/table-view.js';
import { readSettingOptions } from './setting-options.js';
import { readSweepResults } from '../../shared/db/read-sweep-results.js';

/** The comparison of a sweep's settings, from the trials that have succeeded so far. */
export async function readComparison(database: Database, sweepId: string): Promise<Comparison> {
  return compareSweep(await readSweepResults(database, sweepId));
}

/** The comparison as a view shows it, with the whole one and the options that it was made from. */
export async function readShownComparison(
  database: Database,
  sweepId: string,
  view: TableView,
): Promise<{ whole: Comparison; options: Map<string, SettingOptions>; shown: ShownComparison }> {
  const [whole, options] = await Promise.all([
    readComparison(database, sweepId),
    readSettingOptions(database, sweepId),
  ]);
  return { whole, options, shown: applyView(whole, options, view) };
}
